//! What the roles of the functions may do, as the deployed template says it: the template that SAM's transform makes, with the local stack's values.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};
use tests::recorder::arn;

/// What has no default, as in the local stack.
const PARAMETERS: [(&str, &str); 2] = [
    ("MailFrom", "praxispost@zweiweg.example"),
    (
        "ThreemaSecretArn",
        "arn:aws:secretsmanager:eu-central-1:000000000000:secret:threema",
    ),
];

/// The template, every role's own permissions, and what others say of the resources.
pub(crate) struct Policies {
    template: Value,
    /// Statements by the function's logical id, without those that SAM adds for Lambda itself.
    pub(crate) roles: BTreeMap<String, Vec<Value>>,
    /// What SAM adds, by the function: managed policies by their names, others with the actions and resources in them.
    pub(crate) added: BTreeMap<String, Vec<String>>,
    /// Policies of keys and buckets by the beginning of the ARNs that they are for.
    pub(crate) guards: BTreeMap<String, Value>,
}

impl Policies {
    /// Those of the template in the tree.
    pub(crate) fn read() -> Self {
        let mut policies = Self {
            template: transformed(),
            roles: BTreeMap::new(),
            added: BTreeMap::new(),
            guards: BTreeMap::new(),
        };
        let resources = policies.template["Resources"].clone();
        for (id, resource) in resources.as_object().expect("resources") {
            let properties = &resource["Properties"];
            match text(&resource["Type"]) {
                "AWS::Lambda::Function" => {
                    let role = text(&properties["Role"]["Fn::GetAtt"][0]);
                    assert_eq!(role, format!("{id}Role"), "the role of {id}");
                }
                "AWS::IAM::Role" => policies.take_role(id, properties),
                "AWS::KMS::Key" => {
                    let policy = policies.resolve(&properties["KeyPolicy"]);
                    let key = arn("kms", &format!("key/{id}"));
                    policies.guards.insert(key, policy);
                }
                "AWS::S3::BucketPolicy" => {
                    let bucket = policies.resolve(&properties["Bucket"]);
                    let policy = policies.resolve(&properties["PolicyDocument"]);
                    let bucket = format!("arn:aws:s3:::{}", text(&bucket));
                    policies.guards.insert(bucket, policy);
                }
                other => assert!(!other.starts_with("AWS::IAM::"), "{id} gives rights unseen"),
            }
        }
        policies
    }

    fn take_role(&mut self, id: &str, properties: &Value) {
        let function = id
            .strip_suffix("Role")
            .expect("a function's role")
            .to_owned();
        let (mut own, mut added) = (Vec::new(), Vec::new());
        for managed in list(&properties["ManagedPolicyArns"]) {
            let managed = self.resolve(managed);
            added.push(
                text(&managed)
                    .rsplit('/')
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            );
        }
        for policy in list(&properties["Policies"]) {
            let statements = self.resolve(&policy["PolicyDocument"]["Statement"]);
            if text(&policy["PolicyName"]) == format!("{id}Policy0") {
                own.extend(list(&statements).to_vec());
            } else {
                let said =
                    |one: &Value| format!("{} {}", text(&one["Action"]), text(&one["Resource"]));
                added.extend(list(&statements).iter().map(said));
            }
        }
        self.roles.insert(function.clone(), own);
        self.added.insert(function, added);
    }

    /// A value of the template with what CloudFormation would put in; what is not known here fails.
    fn resolve(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| self.resolve(item)).collect(),
            Value::Object(fields) => match fields.iter().next() {
                Some((function, argument)) if function == "Ref" || function.starts_with("Fn::") => {
                    self.call(function, argument)
                }
                _ => {
                    let fields = fields
                        .iter()
                        .map(|(name, value)| (name.clone(), self.resolve(value)));
                    Value::Object(fields.collect())
                }
            },
            other => other.clone(),
        }
    }

    fn call(&self, function: &str, argument: &Value) -> Value {
        match function {
            "Ref" => self.reference(text(argument)),
            "Fn::GetAtt" => self.attribute(text(&argument[0]), text(&argument[1])),
            "Fn::Sub" => match argument {
                Value::Array(parts) => {
                    let own = self.resolve(&parts[1]);
                    self.sub(text(&parts[0]), own.as_object().expect("variables"))
                }
                pattern => self.sub(text(pattern), &Map::new()),
            },
            "Fn::Select" => {
                let index = self.resolve(&argument[0]);
                let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
                self.resolve(&argument[1])[index.expect("an index")].clone()
            }
            "Fn::Split" => {
                let whole = self.resolve(&argument[1]);
                text(&whole).split(text(&argument[0])).collect()
            }
            "Fn::If" => {
                let condition = &self.template["Conditions"][text(&argument[0])];
                let branch = if self.holds(condition) { 1 } else { 2 };
                self.resolve(&argument[branch])
            }
            other => panic!("{other} is not known here"),
        }
    }

    fn holds(&self, condition: &Value) -> bool {
        let (function, argument) = condition
            .as_object()
            .and_then(|fields| fields.iter().next())
            .expect("a condition");
        match function.as_str() {
            "Fn::Equals" => self.resolve(&argument[0]) == self.resolve(&argument[1]),
            "Fn::Not" => !self.holds(&argument[0]),
            "Fn::And" => list(argument).iter().all(|one| self.holds(one)),
            "Condition" => self.holds(&self.template["Conditions"][text(argument)]),
            other => panic!("the condition {other} is not known here"),
        }
    }

    fn reference(&self, name: &str) -> Value {
        match name {
            "AWS::AccountId" => return json!("000000000000"),
            "AWS::Partition" => return json!("aws"),
            "AWS::Region" => return json!("eu-central-1"),
            _ => {}
        }
        if let Some((_, value)) = PARAMETERS.iter().find(|(parameter, _)| *parameter == name) {
            return json!(value);
        }
        let parameter = &self.template["Parameters"][name];
        if parameter.is_object() {
            let default = &parameter["Default"];
            assert!(
                !default.is_null(),
                "{name} has no default and no value here"
            );
            return default.clone();
        }
        assert!(
            self.template["Resources"][name].is_object(),
            "there is no {name}"
        );
        json!(format!("local-{}", name.to_ascii_lowercase()))
    }

    fn attribute(&self, id: &str, attribute: &str) -> Value {
        assert_eq!(attribute, "Arn", "of {id}");
        let name = self.reference(id);
        let name = text(&name);
        json!(match text(&self.template["Resources"][id]["Type"]) {
            "AWS::DynamoDB::Table" => arn("dynamodb", &format!("table/{name}")),
            "AWS::S3::Bucket" => format!("arn:aws:s3:::{name}"),
            "AWS::SQS::Queue" => arn("sqs", name),
            // Keys' ids are drawn; here their names stand for them.
            "AWS::KMS::Key" => arn("kms", &format!("key/{id}")),
            other => panic!("{id} is a {other}, whose ARN is not known here"),
        })
    }

    fn sub(&self, pattern: &str, own: &Map<String, Value>) -> Value {
        let mut parts = pattern.split("${");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').expect("a closed variable");
            let value = match (own.get(name), name.split_once('.')) {
                (Some(own), _) => own.clone(),
                (None, Some((id, attribute))) => self.attribute(id, attribute),
                (None, None) => self.reference(name),
            };
            filled += text(&value);
            filled += rest;
        }
        json!(filled)
    }
}

/// The template in the tree, as CloudFormation gets it.
fn transformed() -> Value {
    let output = tempfile::NamedTempFile::new().expect("a file");
    let made = Command::new(tool(".venv/bin/python"))
        .arg(root().join("tests/template/transform.py"))
        .arg("--output")
        .arg(output.path())
        .output()
        .expect("a process");
    let complaint = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{complaint}");
    let template = std::fs::read(output.path()).expect("a template");
    serde_json::from_slice(&template).expect("JSON")
}

/// What an evaluator of IAM's rules says: a verdict for each call, and what no role needs for the first `used` of them.
pub(crate) fn judge(
    policies: &Policies,
    calls: &[Value],
    used: usize,
) -> (Vec<String>, Vec<String>) {
    tool("tests/node/node_modules/@cloud-copilot/iam-simulate");
    let question =
        json!({"roles": policies.roles, "guards": policies.guards, "calls": calls, "used": used});
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), question.to_string()).expect("written");
    let judged = Command::new("node")
        .arg(root().join("tests/node/permissions.mjs"))
        .stdin(file.reopen().expect("the file"))
        .output()
        .expect("node: install Debian's package npm, or let tests/run do so");
    let complaint = String::from_utf8_lossy(&judged.stderr);
    assert!(judged.status.success(), "{complaint}");
    let answer: Value = serde_json::from_slice(&judged.stdout).expect("an answer");
    let texts = |value: &Value| list(value).iter().map(|one| text(one).to_owned()).collect();
    (texts(&answer["verdicts"]), texts(&answer["spare"]))
}

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the project").to_owned()
}

/// A file that tests/run installs.
fn tool(path: &str) -> PathBuf {
    let tool = root().join(path);
    assert!(
        tool.exists(),
        "no {}: let tests/run install it",
        tool.display()
    );
    tool
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
