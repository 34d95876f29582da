//! Text templates, looked at from outside: what is refused and where, what is rendered, what is told of them.

#[cfg(test)]
mod built_in;
#[cfg(test)]
mod emails;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod samples;
