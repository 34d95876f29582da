//! The functions of the template, each with the code that it runs.

use std::collections::{BTreeMap, HashMap};

use deliveries::Clock;
use runtime::{Environment, Function, MissingSettings};

use crate::Error;
use crate::gateway::{Callable, Route, Routes};
use crate::template::FunctionResource;

type Constructor = fn(&Environment, Clock) -> Result<Function, MissingSettings>;

/// The code of every function, by its logical id in the template.
const CONSTRUCTORS: [(&str, Constructor); 10] = [
    ("Authorize", authorize::function),
    ("Dispatch", dispatch::function),
    ("Download", download::function),
    ("Feedback", feedback::function),
    ("InvoiceRun", invoice_run::function),
    ("Issue", issue::function),
    ("Manage", manage::function),
    ("Notify", notify::function),
    ("RequestCode", request_code::function),
    ("Verify", verify::function),
];

/// Makes every function of the template with its own environment, as Lambda does at a cold start.
pub(crate) fn build(
    resources: &[FunctionResource],
    aws: &BTreeMap<String, String>,
    clock: &Clock,
) -> Result<HashMap<String, Callable>, Error> {
    for (id, _) in CONSTRUCTORS {
        if !resources.iter().any(|resource| resource.id == id) {
            return Err(Error::Functions(format!("{id} is not in template.yaml")));
        }
    }
    resources
        .iter()
        .map(|resource| Ok((resource.id.clone(), callable(resource, aws, clock)?)))
        .collect()
}

fn callable(
    resource: &FunctionResource,
    aws: &BTreeMap<String, String>,
    clock: &Clock,
) -> Result<Callable, Error> {
    let constructor = CONSTRUCTORS.iter().find(|(id, _)| *id == resource.id);
    let (_, constructor) = constructor.ok_or_else(|| {
        Error::Functions(format!("the local stack has no code for {}", resource.id))
    })?;
    let environment: Environment = environment(resource, aws).into_iter().collect();
    let function = constructor(&environment, clock.clone())
        .map_err(|missing| Error::Functions(format!("{}: {missing}", resource.id)))?;
    Ok(Callable {
        function,
        timeout: resource.timeout,
    })
}

/// A function's variables: those of Lambda and the SDKs, and the template's.
///
/// Lambda's credentials are those of the function's role, and their token goes with every call and every signed address.
/// Here it says whose they are.
pub(crate) fn environment(
    resource: &FunctionResource,
    aws: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut variables = aws.clone();
    variables.insert("AWS_SESSION_TOKEN".to_owned(), resource.id.clone());
    variables.extend(resource.environment.clone());
    variables
}

/// All routes to them.
pub(crate) fn routes(resources: &[FunctionResource]) -> Result<Routes, Error> {
    let routes = resources
        .iter()
        .flat_map(|function| {
            function
                .routes
                .iter()
                .map(move |route| Route::new(&function.id, route))
        })
        .collect::<Result<_, _>>();
    routes.and_then(Routes::new).map_err(Error::Functions)
}
