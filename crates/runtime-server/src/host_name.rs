//! The one form of a host's name: as URLs hold it, so that what operators write can be compared with what clients and
//! guests mean.

/// A host (a name, or an address, IPv6 in brackets; no port) in lower case, punycode, and addresses' one form. None
/// if it is no host.
pub(crate) fn canonical(host: &str) -> Option<String> {
    let has_port = host
        .strip_prefix('[')
        .map_or(host, |address| address.split_once(']').map_or("", |(_, rest)| rest))
        .contains(':');
    if host.is_empty() || has_port || host.contains(['/', '@', '?', '#', '\\', '*', ' ']) {
        return None;
    }
    let url = ada_url::Url::parse(&format!("http://{host}/"), None).ok()?;
    Some(url.hostname().to_owned()).filter(|host| !host.is_empty())
}
