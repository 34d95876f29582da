//! Which route a request takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::Method;
use percent_encoding::percent_decode_str;

use crate::template::{Authorizer, RouteResource};

/// A route of the API.
#[derive(Debug)]
pub(crate) struct Route {
    /// As API Gateway writes it: method and path.
    pub(super) key: String,
    pub(super) function: String,
    pub(super) authorizer: Option<Authorizer>,
    method: Method,
    segments: Vec<Segment>,
}

/// Literals first, so that they win over parameters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Parameter(String),
}

impl Route {
    /// The route that the template describes; says what about it is not supported.
    pub(crate) fn new(function: &str, resource: &RouteResource) -> Result<Self, String> {
        let key = format!("{} {}", resource.method, resource.path);
        let method = resource
            .method
            .parse()
            .map_err(|_| format!("{key}: no such method"))?;
        let path = resource
            .path
            .strip_prefix('/')
            .ok_or_else(|| format!("{key}: a path starts with a slash"))?;
        let segments = path.split('/').map(Segment::parse).collect::<Option<_>>();
        Ok(Self {
            function: function.to_owned(),
            authorizer: resource.authorizer.clone(),
            method,
            segments: segments
                .ok_or_else(|| format!("{key}: this pattern is not supported locally"))?,
            key,
        })
    }

    fn parameters(&self, segments: &[&str]) -> Option<BTreeMap<String, String>> {
        if self.segments.len() != segments.len() {
            return None;
        }
        let mut parameters = BTreeMap::new();
        for (pattern, found) in self.segments.iter().zip(segments) {
            match pattern {
                Segment::Literal(literal) if literal == found => {}
                Segment::Parameter(name) if !found.is_empty() => {
                    parameters.insert(name.clone(), (*found).to_owned());
                }
                Segment::Literal(_) | Segment::Parameter(_) => return None,
            }
        }
        Some(parameters)
    }
}

impl Segment {
    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('{') {
            Some(rest) => rest
                .strip_suffix('}')
                .filter(|name| {
                    !name.is_empty()
                        && name
                            .bytes()
                            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                })
                .map(|name| Self::Parameter(name.to_owned())),
            None => {
                Some(Self::Literal(text.to_owned())).filter(|_| !text.contains(['{', '}', '$']))
            }
        }
    }
}

/// All routes, the more specific ones first.
#[derive(Debug)]
pub(crate) struct Routes(Vec<Arc<Route>>);

impl Routes {
    /// Refuses two routes for the same requests.
    pub(crate) fn new(mut routes: Vec<Route>) -> Result<Self, String> {
        routes.sort_by(|a, b| a.segments.cmp(&b.segments));
        for (i, route) in routes.iter().enumerate() {
            if routes[..i]
                .iter()
                .any(|other| other.method == route.method && same_shape(other, route))
            {
                return Err(format!(
                    "{}: there is a second route for the same requests",
                    route.key
                ));
            }
        }
        Ok(Self(routes.into_iter().map(Arc::new).collect()))
    }

    /// The route for a decoded path, with the values of its parameters.
    pub(super) fn find(
        &self,
        method: &Method,
        path: &str,
    ) -> Option<(Arc<Route>, BTreeMap<String, String>)> {
        let segments: Vec<_> = path.strip_prefix('/')?.split('/').collect();
        self.0
            .iter()
            .filter(|route| route.method == *method)
            .find_map(|route| Some((Arc::clone(route), route.parameters(&segments)?)))
    }
}

fn same_shape(a: &Route, b: &Route) -> bool {
    a.segments.len() == b.segments.len()
        && a.segments.iter().zip(&b.segments).all(|pair| match pair {
            (Segment::Literal(a), Segment::Literal(b)) => a == b,
            (Segment::Parameter(_), Segment::Parameter(_)) => true,
            _ => false,
        })
}

/// The path as an HTTP API hands it on: decoded, and cut where a question mark then stands.
///
/// `None` if a percent sign has no two hexadecimal digits behind it, or the result is no UTF-8.
pub(super) fn decode(path: &str) -> Option<String> {
    let whole_escapes = path
        .split('%')
        .skip(1)
        .all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()));
    if !whole_escapes {
        return None;
    }
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    Some(decoded.split('?').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &str, path: &str) -> Result<Route, String> {
        let resource = RouteResource {
            method: method.to_owned(),
            path: path.to_owned(),
            authorizer: None,
        };
        Route::new("F", &resource)
    }

    fn routes(patterns: &[(&str, &str)]) -> Result<Routes, String> {
        Routes::new(
            patterns
                .iter()
                .map(|(method, path)| route(method, path))
                .collect::<Result<_, _>>()?,
        )
    }

    fn found(method: &Method, raw: &str) -> Option<(String, Vec<String>)> {
        let routes = routes(&[
            ("GET", "/v1/deliveries/{id}"),
            ("POST", "/v1/deliveries/preview"),
            ("GET", "/v1/deliveries/special"),
            ("GET", "/d/{token}"),
            ("POST", "/d/{token}/code"),
        ])
        .unwrap();
        let (route, parameters) = routes.find(method, &decode(raw)?)?;
        Some((route.key.clone(), parameters.into_values().collect()))
    }

    fn key(raw: &str) -> Option<String> {
        found(&Method::GET, raw).map(|(key, _)| key)
    }

    #[test]
    fn literals_win_over_parameters_and_methods_count() {
        assert_eq!(
            key("/v1/deliveries/special").unwrap(),
            "GET /v1/deliveries/special"
        );
        assert_eq!(
            key("/v1/deliveries/preview").unwrap(),
            "GET /v1/deliveries/{id}"
        );
        assert_eq!(
            found(&Method::POST, "/v1/deliveries/preview").unwrap().0,
            "POST /v1/deliveries/preview"
        );
        assert_eq!(found(&Method::POST, "/v1/deliveries/1"), None);
        assert_eq!(found(&Method::HEAD, "/d/x"), None);
    }

    #[test]
    fn parameters_arrive_decoded() {
        assert_eq!(found(&Method::GET, "/d/a%20b%C3%A4").unwrap().1, ["a bä"]);
        assert_eq!(found(&Method::GET, "/d/a%00b").unwrap().1, ["a\0b"]);
        assert_eq!(
            found(&Method::GET, "/d/a%3Fb/more").unwrap().1,
            ["a"],
            "cut at the question mark"
        );
    }

    #[test]
    fn hostile_paths_find_nothing() {
        for hostile in [
            "",
            "*",
            "/",
            "//",
            "/d",
            "/d/",
            "//d/x",
            "/d/x/",
            "/d/x%2Fy",
            "/D/x",
            "/d/../v1",
            "/d/%",
            "/d/%4",
            "/d/%zz",
            "/d/%c3",
            "/d/%ff%fe",
            "/d/x%",
            "/v1/deliveries",
            "/v1/deliveries/1/2",
        ] {
            assert_eq!(found(&Method::GET, hostile), None, "{hostile}");
        }
    }

    #[test]
    fn patterns_that_are_not_understood_are_refused() {
        for path in ["$default", "/{proxy+}", "/a{b}", "/{}", "/{a", "/$x"] {
            assert!(route("GET", path).is_err(), "{path}");
        }
        assert!(routes(&[("GET", "/d/{token}"), ("GET", "/d/{id}")]).is_err());
        assert!(routes(&[("GET", "/d/{token}"), ("POST", "/d/{id}")]).is_ok());
    }
}
