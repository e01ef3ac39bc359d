//! Margin models, rule sets and overlays, on a small market that every test can see through.

#[cfg(test)]
mod market;

#[cfg(test)]
mod derive;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod isolated;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod overlays;
#[cfg(test)]
mod published;
#[cfg(test)]
mod reg_t;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod scan;
#[cfg(test)]
mod span;
#[cfg(test)]
mod spn;
#[cfg(test)]
mod tims;
#[cfg(test)]
mod var;
