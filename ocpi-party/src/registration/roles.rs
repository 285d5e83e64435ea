//! Whether the roles that a platform claims can be its own.

use ocpi_types::{CredentialsRole, Finding, Report, Rule, Severity};

use super::RegistrationError;
use crate::Party;
use crate::peers::party_of;

/// Each role once per party, none that this platform hosts itself, none that another registered partner hosts.
pub(crate) async fn check_roles(
    party: &Party,
    peer_id: &str,
    roles: &[CredentialsRole],
) -> Result<(), RegistrationError> {
    let own = party.own_roles().await;
    let others = party.peers.registered().await?;
    let mut report = Report::default();
    for (i, role) in roles.iter().enumerate() {
        let id = party_of(role);
        let same = |other: &CredentialsRole| other.role == role.role && party_of(other) == id;
        let owner = others.iter().find(|peer| peer.id != peer_id && peer.hosts(&id, role.role.clone()));
        let message = if roles[..i].iter().any(same) {
            format!("{} {id} is listed twice", role.role)
        } else if own.iter().any(same) {
            format!("{} {id} is a party of this platform", role.role)
        } else if owner.is_some() {
            format!("{} {id} is registered here by another platform", role.role)
        } else {
            continue;
        };
        report.findings.push(Finding {
            pointer: format!("/roles/{i}"),
            rule: Rule::Inconsistent,
            severity: Severity::Violation,
            message,
        });
    }
    if report.is_clean() { Ok(()) } else { Err(RegistrationError::Roles(report)) }
}
