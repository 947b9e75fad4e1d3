//! Reports keep within the columns of a terminal.

use kaslint::access::Query;
use kaslint::access_report::{AccessReport, Format};
use kaslint::outlet::Outlet;
use unicode_width::UnicodeWidthStr as _;

use crate::setting::{PREMIUM, Setting};

const FILE: &str = "ci_access:
  projects:
    - id: acme/department-of-customer-experience/web/identity-and-access-management/single-sign-on
      environments: [production, staging, 'review/*', production-of-the-european-region-west-1]
      access_as: {impersonate: {username: deployer-of-the-department, groups: ['system:masters', developers]}}
      default_namespace: identity-and-access-management
    - id: acme/department-of-customer-experience/web/shop
      protected_branches_only: true
    - id: acme/none
  groups:
    - id: acme/department-of-customer-experience
user_access: {access_as: {agent: {}}, groups: [{id: acme/department-of-customer-experience/web}]}
";

#[test]
fn no_line_is_wider_than_the_terminal() {
    let projects = [
        "acme/agents",
        "acme/department-of-customer-experience/web/identity-and-access-management/single-sign-on",
        "acme/department-of-customer-experience/web/shop",
    ];
    let setting = Setting::new(PREMIUM).projects(&[], &projects).agent("acme/agents", "a", FILE);
    setting.with(|index| {
        for width in [80, 100, 120, 200] {
            for why in [false, true] {
                let report = AccessReport { index, agent: None, environment: None, why, format: Format::Human, width };
                let queries = projects.map(|project| Query::new(project, Some("production"), None));
                let mut out = Vec::new();
                report.write_grants(&mut Outlet::without_tones(&mut out)).unwrap();
                report.write_answers(&queries, &mut Outlet::without_tones(&mut out)).unwrap();
                let text = String::from_utf8(out).unwrap();
                for line in text.lines().filter(|line| !is_one_word(line)) {
                    assert!(line.width() <= width, "{width}: {line}");
                }
            }
        }
    });
}

/// Whether a line holds a single name behind its mark, such as a path, which is not cut.
fn is_one_word(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches("--> ").trim_start_matches("groups ");
    !line.trim().contains(' ')
}

#[test]
fn names_stay_whole_where_there_is_room() {
    let setting =
        Setting::new(PREMIUM).projects(&[], &["acme/agents", "acme/web/shop"]).agent("acme/agents", "a", FILE);
    setting.with(|index| {
        let shown = |width: usize| {
            let report =
                AccessReport { index, agent: None, environment: None, why: false, format: Format::Human, width };
            let mut out = Vec::new();
            report.write_grants(&mut Outlet::without_tones(&mut out)).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert!(!shown(250).contains('…'));
    });
}
