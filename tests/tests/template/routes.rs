//! Which routes are open, what holds floods back, and what stands in front.

use std::collections::BTreeSet;

use serde_json::json;

use crate::reading::{Template, arn, fields, list, text};

#[test]
fn every_route_of_practices_asks_for_a_key_and_no_open_route_does() {
    let template = Template::read();
    let auth = &template.properties("HttpApi")["Auth"];
    let authorizer = &auth["Authorizers"][text(&auth["DefaultAuthorizer"])];
    assert_eq!(authorizer["FunctionArn"], arn("Authorize"));
    assert_eq!(authorizer["EnableSimpleResponses"], true);
    assert_eq!(authorizer["AuthorizerPayloadFormatVersion"], "2.0");
    assert_eq!(authorizer["Identity"]["Headers"], json!(["Authorization"]));
    assert_eq!(
        authorizer["Identity"]["ReauthorizeEvery"], 0,
        "a kept answer would let a revoked key in"
    );

    let mut practices = 0;
    let mut open = 0;
    for (route, event) in template.routes() {
        if is_open(&route) {
            open += 1;
            assert_eq!(
                event["Auth"]["Authorizer"], "NONE",
                "{route} is for everybody"
            );
        } else {
            practices += 1;
            assert!(
                event.get("Auth").is_none(),
                "{route} has the API's own authorizer, not another"
            );
        }
    }
    assert!(
        practices > 0 && open > 0,
        "{practices} routes of practices and {open} open ones"
    );
}

#[test]
fn every_open_route_has_a_throttle_of_its_own() {
    let template = Template::read();
    let api = template.properties("HttpApi");
    let open: BTreeSet<String> = template
        .routes()
        .into_keys()
        .filter(|route| is_open(route))
        .collect();
    // A throttle for a route that is not there would also fail the deployment.
    let throttled: BTreeSet<String> = fields(&api["RouteSettings"]).keys().cloned().collect();
    assert_eq!(open, throttled, "routes (left), RouteSettings (right)");
    for settings in fields(&api["RouteSettings"])
        .values()
        .chain([&api["DefaultRouteSettings"]])
    {
        for limit in ["ThrottlingRateLimit", "ThrottlingBurstLimit"] {
            assert!(
                settings[limit].get("Ref").is_some(),
                "{limit} is a parameter, not {}",
                settings[limit]
            );
        }
    }
}

#[test]
fn what_stands_in_front_keeps_no_path_caches_nothing_and_says_who_asks() {
    let template = Template::at("infra/edge/template.yaml");
    let distribution = &template.properties("Distribution")["DistributionConfig"];
    assert!(distribution.get("Logging").is_none(), "paths hold tokens");
    assert_eq!(
        distribution["ViewerCertificate"]["MinimumProtocolVersion"],
        "TLSv1.2_2021"
    );
    let origin = &distribution["Origins"][0];
    let tls = &origin["CustomOriginConfig"];
    assert_eq!(tls["OriginProtocolPolicy"], "https-only");
    assert_eq!(tls["OriginSSLProtocols"], json!(["TLSv1.2"]));
    let header = &origin["OriginCustomHeaders"][0];
    assert_eq!(
        text(&header["HeaderName"]).to_lowercase(),
        web::FRONT_SECRET
    );
    assert_eq!(header["HeaderValue"], json!({"Ref": "OriginSecret"}));
    assert_eq!(template.0["Parameters"]["OriginSecret"]["NoEcho"], true);
    let behaviour = &distribution["DefaultCacheBehavior"];
    let caching_disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
    assert_eq!(behaviour["CachePolicyId"], caching_disabled);
    assert!(distribution.get("CacheBehaviors").is_none(), "one for all");
    let forwarded = &template.properties("ForwardAll")["OriginRequestPolicyConfig"];
    assert_eq!(
        forwarded["HeadersConfig"]["Headers"],
        json!(["CloudFront-Viewer-Address"])
    );

    let firewall = template.properties("Firewall");
    assert_eq!(distribution["WebACLId"], arn("Firewall"));
    let rules = list(&firewall["Rules"]);
    for judged in rules.iter().chain([firewall]) {
        assert_eq!(judged["VisibilityConfig"]["SampledRequestsEnabled"], false);
    }
    let by_address = &rules[0]["Statement"]["RateBasedStatement"];
    assert_eq!(by_address["AggregateKeyType"], "IP");
    assert_eq!(by_address["Limit"], json!({"Ref": "RatePerAddress"}));
    let kinds: BTreeSet<&str> = fields(&template.0["Resources"])
        .values()
        .map(|resource| text(&resource["Type"]))
        .collect();
    assert!(!kinds.contains("AWS::WAFv2::LoggingConfiguration"));
}

/// What needs no key: the patients' pages, and what the API says of itself. Everything else is a practice's.
fn is_open(route: &str) -> bool {
    let (_, path) = route.split_once(' ').unwrap_or_default();
    path == "/privacy" || path == "/v1/openapi.json" || path.starts_with("/d/{token}")
}
