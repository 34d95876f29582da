//! What `template.yaml` promises: who may do what, which routes are open, what is kept and for how long, and what no log may hold.
//! Reads the template as it stands in the tree, and where something is added by SAM, as `tests/template/transform.py` has written it out.
//! Whether it could be deployed is for `sam validate` and `cfn-lint` to say.
#![cfg(test)]

mod alarms;
mod functions;
mod kept;
mod parameters;
mod permissions;
mod reading;
mod routes;
