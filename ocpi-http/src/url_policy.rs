//! Which URLs may be called. Peers choose the URLs that we call, so each is judged, and so is each address behind it.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::CallError;

/// The rules for URLs that we call.
///
/// ```
/// use ocpi_http::UrlPolicy;
/// let strict = UrlPolicy::default();
/// assert!(strict.check(&"https://example.com/ocpi/versions".parse().unwrap()).is_ok());
/// assert!(strict.check(&"http://example.com/ocpi/versions".parse().unwrap()).is_err());
/// assert!(strict.check(&"https://169.254.169.254/latest".parse().unwrap()).is_err());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UrlPolicy {
    /// Loopback, private and other special addresses may be called: for tests, demonstrations and closed networks.
    pub allow_private: bool,
    /// Plain http may be used; otherwise only https.
    pub allow_http: bool,
}

impl UrlPolicy {
    /// Whether the URL may be called, as far as it says itself. Host names are judged once more when they are resolved, and
    /// every hop of a redirect is judged anew.
    pub fn check(&self, url: &Url) -> Result<(), CallError> {
        let refuse = |why: &str| Err(CallError::Policy(format!("{} may not be called: {why}", shown(url))));
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http => {}
            "http" => return refuse("only https is allowed here"),
            _ => return refuse("only http and https are spoken"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("it holds a user name or password");
        }
        let address = match url.host() {
            None => return refuse("it has no host"),
            Some(Host::Domain(_)) => return Ok(()),
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
        };
        if self.allows(address) { Ok(()) } else { refuse("private and special addresses are not allowed here") }
    }

    /// Whether this address may be called.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        self.allow_private || is_public(address)
    }
}

/// A URL fit for messages: without user name and password.
pub(crate) fn shown(url: &Url) -> Url {
    let mut shown = url.clone();
    // Fails on URLs that cannot have any.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // This network, multicast, reserved, broadcast; shared by carriers; protocol assignments; benchmarks.
        (0 | 224.., ..) | (100, 64..=127, _) | (192, 0, 0) | (198, 18..=19, _) => true,
        _ => address.is_loopback() || address.is_private() || address.is_link_local() || address.is_documentation(),
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Global unicast is 2000::/3; of that, 2001::/23 is for protocols and 2001:db8::/32 and 3fff::/20 for documentation.
    let [a, b, ..] = address.segments();
    let global = a & 0xe000 == 0x2000;
    let special = (a == 0x2001 && (b < 0x0200 || b == 0x0db8)) || (a == 0x3fff && b < 0x1000);
    global && !special
}

/// The IPv4 address that a packet for this IPv6 address would go to: mapped, compatible, NAT64 or 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

/// Resolves names to addresses that may be called: what a name means is decided in one place, right before the
/// connection is made, so that a name cannot mean one thing when it is checked and another when it is called.
#[derive(Debug, Clone)]
pub(crate) struct CheckedResolver(pub(crate) UrlPolicy);

/// A name that leads only to addresses that may not be called.
#[derive(Debug, thiserror::Error)]
#[error("{0} leads to a private or special address, which is not allowed here")]
pub(crate) struct ForbiddenName(String);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let any = !found.is_empty();
            let allowed: Vec<_> = found.into_iter().filter(|address| policy.allows(address.ip())).collect();
            if any && allowed.is_empty() {
                return Err(ForbiddenName(name.as_str().to_owned()).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// The refusal of the resolver, if that is what this error stems from.
pub(crate) fn forbidden_name<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a ForbiddenName> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// An error and everything that it stems from.
pub(crate) fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_refused_in_every_spelling() {
        let strict = UrlPolicy { allow_private: false, allow_http: true };
        for url in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://0/",
            "http://10.0.0.1/",
            "http://172.16.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://100.64.0.1/",
            "http://192.0.0.8/",
            "http://198.18.0.1/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://[::1]/",
            "http://[::]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://[::127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[64:ff9b:1::1]/",
            "http://[2002:7f00:1::]/",
            "http://[2001:0:1::]/",
            "http://[2001:db8::1]/",
            "http://[fc00::1]/",
            "http://[fe80::1]/",
            "http://[ff02::1]/",
            "http://user@example.com/",
            "http://:secret@example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "data:text/plain,hello",
        ] {
            let verdict = strict.check(&url.parse().unwrap());
            assert!(matches!(&verdict, Err(CallError::Policy(why)) if !why.contains("secret")), "{url}: {verdict:?}");
        }
        for url in
            ["http://8.8.8.8/", "http://[2606:4700::1111]/", "https://example.com:8443/x", "http://[2002:808:808::]/"]
        {
            assert!(strict.check(&url.parse().unwrap()).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_lenient_policy_still_refuses_other_schemes_and_user_names() {
        let lenient = UrlPolicy { allow_private: true, allow_http: true };
        for url in ["ftp://127.0.0.1/", "http://me:pass@127.0.0.1/"] {
            assert!(lenient.check(&url.parse().unwrap()).is_err(), "{url}");
        }
        assert!(lenient.check(&"http://127.0.0.1:8001/ocpi".parse().unwrap()).is_ok());
    }

    #[tokio::test]
    async fn names_are_judged_by_the_addresses_they_lead_to() {
        use std::str::FromStr;
        let strict = CheckedResolver(UrlPolicy::default());
        let error = strict.resolve(Name::from_str("localhost").unwrap()).await.err().unwrap();
        assert!(forbidden_name(&*error).is_some(), "{error}");
        let lenient = CheckedResolver(UrlPolicy { allow_private: true, ..UrlPolicy::default() });
        assert!(lenient.resolve(Name::from_str("localhost").unwrap()).await.unwrap().next().is_some());
    }
}
