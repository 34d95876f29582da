//! The local stack: the real functions behind a local gateway, on DynamoDB, S3, SES, SNS and KMS in this process.
//!
//! Everything listens on loopback only, and everything that lasts lies in one folder.

pub mod demonstration;
pub mod practice;

mod dynamodb;
mod environment;
mod events;
mod files;
mod functions;
mod gateway;
mod invoice;
mod outbox;
mod s3;
mod servers;
mod template;

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use deliveries::Clock;
use runtime::Environment;
use tokio::net::TcpListener;

use environment::{Addresses, KEY_PAIR};
use events::{Bus, Failures, Listener, Position, Stream, run_schedule};
pub use files::replace as replace_file;
use gateway::{Callable, Gateway};
use outbox::{ClockFile, Keys, Outbox};
use servers::{Servers, listen};
pub use template::TemplateError;
use template::{FunctionResource, LocalValues, Template};

/// The template that is deployed.
const TEMPLATE: &str = include_str!("../../../template.yaml");

/// Where a stack keeps its state, and on which ports it answers.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder for everything that lasts; made if it is not there.
    pub directory: PathBuf,
    /// The ports.
    pub ports: Ports,
    /// Values of the template's parameters, where they are to be others than usual here.
    pub parameters: BTreeMap<String, String>,
    /// What the functions find in their environment besides.
    pub variables: BTreeMap<String, String>,
    /// Functions that something else feeds from stream and schedule, by their logical ids.
    pub fed_elsewhere: Vec<String>,
}

/// Ports on loopback; 0 lets the system choose.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    /// The gateway's.
    pub api: u16,
    /// The outbox's.
    pub outbox: u16,
    /// DynamoDB's.
    pub dynamodb: u16,
    /// S3's.
    pub s3: u16,
}

/// Why a stack did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Something else listens there.
    #[error(
        "port {port} on 127.0.0.1, for {server}, is taken: end what listens there (another local stack?), or choose another with --port"
    )]
    PortTaken {
        /// For what it was wanted.
        server: &'static str,
        /// The port.
        port: u16,
    },
    /// The system does not let it listen there.
    #[error("{server} cannot listen on port {port} of 127.0.0.1: {source}")]
    Listen {
        /// For what it was wanted.
        server: &'static str,
        /// The port.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// The folder or something in it cannot be used.
    #[error("{} cannot be used: {source}", path.display())]
    Directory {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Two stacks must not share one folder.
    #[error("another local stack uses the folder {}: end that one, or choose another with --data", .0.display())]
    DirectoryInUse(PathBuf),
    /// The template says something that cannot be done locally.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The template and the functions do not fit.
    #[error("the functions do not fit template.yaml: {0}")]
    Functions(String),
    /// The database did not open.
    #[error("DynamoDB: {0}")]
    Database(String),
    /// The bucket did not open.
    #[error("S3: {0}")]
    Bucket(String),
    /// The practice or its key could not be made.
    #[error("the practice could not be made: {0}")]
    Practice(String),
    /// The demonstration could not be made.
    #[error("the demonstration stopped at {step}: {problem}")]
    Demonstration {
        /// What was being done.
        step: String,
        /// What came back.
        problem: String,
    },
}

/// A running local stack. It stops when it is dropped; [`Stack::stop`] also waits until it has.
#[derive(Debug)]
pub struct Stack {
    directory: PathBuf,
    addresses: Addresses,
    clock: Clock,
    environment: Environment,
    /// By the function's logical id.
    function_environments: BTreeMap<String, BTreeMap<String, String>>,
    servers: Servers,
    /// Held as long as the stack uses its folder.
    _lock: File,
}

impl Stack {
    /// Starts everything; when this returns, everything answers.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let Options {
            directory,
            ports,
            parameters,
            variables,
            fed_elsewhere,
        } = options;
        let lock = lock(&directory)?;
        let listeners = Listeners::open(ports).await?;
        let addresses = listeners.addresses()?;

        let template = Template::parse(TEMPLATE)?;
        let keys = in_directory(&directory, "kms.json", |path| {
            Keys::open(path, &template.keys())
        })?;
        let mut values = environment::parameters(&addresses);
        values.extend(parameters);
        let local = LocalValues {
            parameters: values,
            keys: keys.ids(),
            api: addresses.api.clone(),
        };
        let (table, properties) = template.table(&local, &dynamodb::WITHOUT_MEANING)?;
        let database = dynamodb::open(&directory.join("dynamodb.sqlite"), &table, &properties)?;
        let s3 = s3::router(&directory.join("s3"), &template.buckets(&local)?, KEY_PAIR)?;

        let clock_file = in_directory(&directory, "clock.json", |path| {
            ClockFile::open(path.to_owned())
        })?;
        let clock = clock_file.clock().clone();
        let mut aws = environment::aws(&addresses);
        aws.extend(variables);
        let resources = template.functions(&local)?;
        let callables = functions::build(&resources, &aws, &clock)?;
        let mut servers = Servers::new();
        let fed_here = resources
            .iter()
            .filter(|resource| !fed_elsewhere.contains(&resource.id));
        for resource in fed_here {
            let Some(callable) = callables.get(&resource.id) else {
                continue;
            };
            if let Some(source) = &resource.stream {
                let name = format!("stream-{}", resource.id.to_ascii_lowercase());
                let stream = Stream {
                    id: resource.id.clone(),
                    callable: callable.clone(),
                    source: source.clone(),
                    database: database.clone(),
                    table: table.clone(),
                    position: in_directory(&directory, &name, |path| {
                        Position::open(path.to_owned())
                    })?,
                    failures: Failures::default(),
                };
                servers.run(stream.run(servers.stopping()));
            }
            if resource.is_scheduled {
                let (id, callable) = (resource.id.clone(), callable.clone());
                servers.run(run_schedule(
                    id,
                    callable,
                    clock.clone(),
                    servers.stopping(),
                ));
            }
        }
        let bus = Bus::new(listeners_of(&resources, &callables));
        let gateway = Gateway {
            routes: functions::routes(&resources)?,
            functions: callables,
            clock: clock.clone(),
            address: address(&listeners.api)?,
        };

        let function_environments = resources
            .iter()
            .map(|resource| (resource.id.clone(), functions::environment(resource, &aws)))
            .collect();

        let outbox = Outbox::open(&directory, clock_file, keys, bus, servers.stopping())?;
        dynamodb::serve(database, listeners.dynamodb, &mut servers);
        servers.serve(listeners.s3, s3);
        servers.serve(listeners.outbox, outbox::router(outbox));
        servers.serve(listeners.api, gateway::router(gateway));
        Ok(Self {
            directory,
            addresses,
            clock,
            environment: aws
                .into_iter()
                .chain([("TABLE".to_owned(), table)])
                .collect(),
            function_environments,
            servers,
            _lock: lock,
        })
    }

    /// The API's address, without a slash at the end.
    pub fn api(&self) -> &str {
        &self.addresses.api
    }

    /// The outbox's address, without a slash at the end.
    pub fn outbox(&self) -> &str {
        &self.addresses.outbox
    }

    /// The address at which the clock is read and moved.
    pub fn clock_url(&self) -> String {
        format!("{}/clock", self.addresses.outbox)
    }

    /// DynamoDB's address.
    pub fn dynamodb(&self) -> &str {
        &self.addresses.dynamodb
    }

    /// S3's address.
    pub fn s3(&self) -> &str {
        &self.addresses.s3
    }

    /// The clock that every function goes by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The folder of everything that lasts.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Region, credentials, endpoints and table: what an operator's commands need of an environment.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The variables of every function, by its logical id in the template: enough to start its binary beside this stack.
    pub fn function_environments(&self) -> &BTreeMap<String, BTreeMap<String, String>> {
        &self.function_environments
    }

    /// Stops, and waits until requests under way are answered.
    pub async fn stop(self) {
        self.servers.stop().await;
    }
}

/// The functions that have rules for the event bus.
fn listeners_of(
    resources: &[FunctionResource],
    callables: &HashMap<String, Callable>,
) -> Vec<Listener> {
    let with_rules = resources
        .iter()
        .filter(|resource| !resource.rules.is_empty());
    with_rules
        .filter_map(|resource| {
            Some(Listener {
                id: resource.id.clone(),
                callable: callables.get(&resource.id)?.clone(),
                rules: resource.rules.clone(),
            })
        })
        .collect()
}

/// One listener per server, open before anything else is done, so that a taken port is known at once.
struct Listeners {
    api: TcpListener,
    outbox: TcpListener,
    dynamodb: TcpListener,
    s3: TcpListener,
}

impl Listeners {
    async fn open(ports: Ports) -> Result<Self, Error> {
        Ok(Self {
            api: listen("the API", ports.api).await?,
            outbox: listen("the outbox", ports.outbox).await?,
            dynamodb: listen("DynamoDB", ports.dynamodb).await?,
            s3: listen("S3", ports.s3).await?,
        })
    }

    fn addresses(&self) -> Result<Addresses, Error> {
        let url = |listener| address(listener).map(|address| format!("http://{address}"));
        Ok(Addresses {
            api: url(&self.api)?,
            outbox: url(&self.outbox)?,
            dynamodb: url(&self.dynamodb)?,
            s3: url(&self.s3)?,
        })
    }
}

fn address(listener: &TcpListener) -> Result<SocketAddr, Error> {
    listener.local_addr().map_err(|source| Error::Listen {
        server: "a server",
        port: 0,
        source,
    })
}

/// Makes the folder and keeps every other stack out of it; a kill lets go of it too.
fn lock(directory: &Path) -> Result<File, Error> {
    fs::create_dir_all(directory).map_err(|source| Error::Directory {
        path: directory.to_owned(),
        source,
    })?;
    let lock = in_directory(directory, "lock", |path| File::create(path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Error::DirectoryInUse(directory.to_owned())),
        Err(TryLockError::Error(source)) => Err(Error::Directory {
            path: directory.to_owned(),
            source,
        }),
    }
}

/// Opens a file of the folder; an error names it.
fn in_directory<T>(
    directory: &Path,
    name: &str,
    open: impl FnOnce(&Path) -> io::Result<T>,
) -> Result<T, Error> {
    let path = directory.join(name);
    open(&path).map_err(|source| Error::Directory { path, source })
}

#[cfg(test)]
mod tests;
