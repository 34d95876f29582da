//! What the public functions render, looked at from outside.

#[cfg(test)]
mod content;
#[cfg(test)]
mod email;
#[cfg(test)]
mod html;
#[cfg(test)]
mod page;
mod samples;
