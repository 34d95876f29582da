//! Reading templates, good and bad.

use super::*;
use crate::environment::Addresses;

const GOOD: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  BaseUrl: {Type: String}
  Sender: {Type: String, Default: noreply@zweiweg.example}
  OlderKeys: {Type: CommaDelimitedList, Default: ""}
Conditions:
  HasOlderKeys: !Not [!Equals [!Join [",", [!Ref OlderKeys]], ""]]
Globals:
  Function:
    Timeout: 10
    Environment:
      Variables:
        TABLE: !Ref Table
        LEVEL: 3
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Key
        Authorizers:
          Key:
            FunctionArn: !GetAtt Authorize.Arn
            AuthorizerPayloadFormatVersion: "2.0"
            EnableSimpleResponses: true
            Identity: {Headers: [Authorization], ReauthorizeEvery: 0}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      SSESpecification: {KMSMasterKeyId: !GetAtt DataKey.Arn}
  DocumentsBucket:
    Type: AWS::S3::Bucket
  LookupKey:
    Type: AWS::KMS::Key
    Properties:
      KeySpec: HMAC_256
      KeyPolicy: !Unsupported but not needed here
  DataKey:
    Type: AWS::KMS::Key
  Authorize:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 5
      Policies:
        - !Whatever it is
  Manage:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          LEVEL: !If [HasOlderKeys, 1, 2]
          KEYS: !Join [",", [!GetAtt LookupKey.Arn, !If [HasOlderKeys, !Ref OlderKeys, !Ref AWS::NoValue]]]
          LINK: !Sub "${BaseUrl}/d/${!token}?region=${AWS::Region}&table=${Table.Arn}"
          OWN: !Sub ["${Greeting}, ${Sender}", {Greeting: Hallo}]
          FIRST: !Select [0, !Split ["@", !Ref Sender]]
          GONE: !Ref AWS::NoValue
      Events:
        GetSettings:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Path: /v1/settings, Method: get}
        Privacy:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Path: /privacy, Method: GET, Auth: {Authorizer: NONE}}
"#;

fn local() -> LocalValues {
    LocalValues {
        parameters: [("BaseUrl".to_owned(), "http://127.0.0.1:8600".to_owned())].into(),
        keys: [("LookupKey".to_owned(), "1234".to_owned())].into(),
        api: "http://127.0.0.1:8600".to_owned(),
    }
}

fn functions(template: &'static str) -> Result<Vec<FunctionResource>, String> {
    Template::parse(template)
        .and_then(|template| template.functions(&local()))
        .map_err(|error| error.to_string())
}

/// The template with one part replaced.
fn changed(from: &str, to: &str) -> &'static str {
    assert!(GOOD.contains(from), "{from}");
    Box::leak(GOOD.replace(from, to).into_boxed_str())
}

#[test]
fn environment_is_resolved_against_local_values() {
    let functions = functions(GOOD).unwrap();
    let manage = functions
        .iter()
        .find(|function| function.id == "Manage")
        .unwrap();
    let expected = [
        ("FIRST", "noreply"),
        ("KEYS", "arn:aws:kms:eu-central-1:000000000000:key/1234"),
        ("LEVEL", "2"),
        (
            "LINK",
            "http://127.0.0.1:8600/d/${token}?region=eu-central-1&table=arn:aws:dynamodb:eu-central-1:000000000000:table/local-table",
        ),
        ("OWN", "Hallo, noreply@zweiweg.example"),
        ("TABLE", "local-table"),
    ];
    let found: Vec<_> = manage
        .environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn time_limits_and_routes_are_read() {
    let functions = functions(GOOD).unwrap();
    let [authorize, manage] = &functions[..] else {
        panic!()
    };
    assert_eq!(authorize.timeout.as_secs(), 5);
    assert_eq!(authorize.environment["LEVEL"], "3");
    assert_eq!(manage.timeout.as_secs(), 10);
    let [settings, privacy] = &manage.routes[..] else {
        panic!()
    };
    assert_eq!(
        (settings.method.as_str(), settings.path.as_str()),
        ("GET", "/v1/settings")
    );
    let key = Authorizer {
        function: "Authorize".to_owned(),
        headers: vec!["authorization".to_owned()],
    };
    assert_eq!(settings.authorizer, Some(key));
    assert_eq!(privacy.authorizer, None);
}

#[test]
fn table_and_buckets_are_read() {
    let template = Template::parse(GOOD).unwrap();
    let (name, properties) = template.table(&local(), &["SSESpecification"]).unwrap();
    assert_eq!(name, "local-table");
    assert_eq!(properties.len(), 3);
    assert_eq!(properties["KeySchema"][0]["AttributeName"], "pk");
    assert_eq!(
        template.buckets(&local()).unwrap(),
        ["local-documentsbucket"]
    );
    assert_eq!(template.keys(), ["LookupKey"]);
    assert!(
        template
            .table(&local(), &[])
            .is_err_and(|error| error.to_string().contains("DataKey"))
    );
}

#[test]
fn what_cannot_be_resolved_is_named() {
    for (from, to, named) in [
        (
            "TABLE: !Ref Table",
            "TABLE: !Ref Tabel",
            "function Authorize, variable TABLE: Tabel is neither",
        ),
        ("LEVEL: 3", "LEVEL: !Ref BaseUrlOfAnother", "variable LEVEL"),
        (
            "Sender: {Type: String, Default: noreply@zweiweg.example}",
            "Sender: {Type: String}",
            "Sender: the parameter has neither",
        ),
        (
            "LEVEL: 3",
            "LEVEL: !ImportValue x",
            "!ImportValue is not supported",
        ),
        (
            "LEVEL: 3",
            "LEVEL: {Ref: Table}",
            "Ref: is read locally in its short form",
        ),
        (
            "LEVEL: 3",
            "LEVEL: !GetAtt Table.LatestStream",
            "!GetAtt Table.LatestStream",
        ),
        (
            "LEVEL: 3",
            "LEVEL: [1, 2]",
            "variable LEVEL: expected a text",
        ),
        ("LEVEL: 3", "LEVEL: !Sub \"${Table\"", "without its }"),
    ] {
        let error = functions(changed(from, to)).unwrap_err();
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn what_the_local_gateway_does_not_do_is_refused() {
    for (from, to, named) in [
        (
            "ReauthorizeEvery: 0",
            "ReauthorizeEvery: 300",
            "ReauthorizeEvery",
        ),
        (
            "EnableSimpleResponses: true",
            "EnableSimpleResponses: false",
            "EnableSimpleResponses",
        ),
        (
            "FunctionArn: !GetAtt Authorize.Arn",
            "FunctionArn: other",
            "FunctionArn names no function",
        ),
        (
            "DefaultAuthorizer: Key",
            "DefaultAuthorizer: Kee",
            "no authorizer Kee",
        ),
        (
            "Method: get}",
            "Method: any}",
            "event GetSettings: a route for every method",
        ),
        (
            "Method: get}",
            "Method: get, Cors: x}",
            "event GetSettings: unknown field `Cors`",
        ),
        (
            "Method: get}",
            "Method: get, PayloadFormatVersion: \"1.0\"}",
            "PayloadFormatVersion",
        ),
        (
            "Type: HttpApi\n          Properties: {ApiId: !Ref Api, Path: /privacy",
            "Type: SQS\n          Properties: {Path: /privacy",
            "type SQS",
        ),
        (
            "      Auth:\n        Default",
            "      CorsConfiguration: true\n      Auth:\n        Default",
            "CorsConfiguration",
        ),
        (
            "    Type: AWS::S3::Bucket",
            "    Type: AWS::S3::Bucket\n    Condition: X",
            "DocumentsBucket: a Condition",
        ),
    ] {
        let error = functions(changed(from, to)).unwrap_err();
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn streams_and_schedules_are_read_and_what_they_cannot_do_here_is_refused() {
    const PRIVACY: &str = "Type: HttpApi\n          Properties: {ApiId: !Ref Api, Path: /privacy, Method: GET, Auth: {Authorizer: NONE}}";
    const STREAM: &str = "Type: DynamoDB\n          Properties: {Stream: !GetAtt Table.StreamArn, StartingPosition: TRIM_HORIZON, BatchSize: 7, MaximumRecordAgeInSeconds: 60, FunctionResponseTypes: [ReportBatchItemFailures]}";
    let manage = |to: &'static str| {
        let found = functions(changed(PRIVACY, to))?;
        Ok::<_, String>(
            found
                .into_iter()
                .find(|function| function.id == "Manage")
                .unwrap(),
        )
    };
    let fed = manage(STREAM).unwrap();
    assert_eq!(fed.stream.map(|source| source.batch_size), Some(7));
    assert_eq!(fed.routes.len(), 1);
    let scheduled = manage("Type: Schedule\n          Properties: {Schedule: rate(1 minute)}");
    assert!(scheduled.unwrap().is_scheduled);
    for (from, to, named) in [
        ("TRIM_HORIZON", "LATEST", "TRIM_HORIZON"),
        (
            "Table.StreamArn",
            "DocumentsBucket.Arn",
            "the stream of the template's table",
        ),
        ("[ReportBatchItemFailures]", "[]", "ReportBatchItemFailures"),
        ("BatchSize: 7", "Enabled: false", "unknown field `Enabled`"),
    ] {
        let event: &'static str = STREAM.replace(from, to).leak();
        let error = manage(event).unwrap_err();
        assert!(error.contains(named), "{error}");
    }
    let error = manage("Type: Schedule\n          Properties: {Schedule: cron(0 3 * * ? *)}");
    assert!(error.unwrap_err().contains("expected a rate"));
}

#[test]
fn the_template_of_this_project_can_be_run_locally() {
    let template = Template::parse(crate::TEMPLATE).unwrap();
    let local = LocalValues {
        parameters: crate::environment::parameters(&Addresses {
            api: "http://127.0.0.1:8600".to_owned(),
            outbox: "http://127.0.0.1:8601".to_owned(),
            dynamodb: String::new(),
            s3: String::new(),
        }),
        keys: template
            .keys()
            .into_iter()
            .map(|id| (id.clone(), id))
            .collect(),
        api: "http://127.0.0.1:8600".to_owned(),
    };
    let functions = template.functions(&local).unwrap();
    assert!(
        functions
            .iter()
            .any(|function| function.environment.contains_key("TABLE"))
    );
    assert_eq!(template.buckets(&local).unwrap().len(), 1);
    template
        .table(&local, &crate::dynamodb::WITHOUT_MEANING)
        .unwrap();
}
