//! A fetch that is killed, answers that come slowly or are none, disks that are full, folders that somebody else has.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kaslint::api::{ApiError, Authorities, Client, Clock, Method, Request, Transport as _, TransportError};
use kaslint::network::Http;

use crate::gitlab::{DEVELOPER, Fault, Gitlab, MAINTAINER, Project, TOKEN, World};
use crate::relay::{Relay, changing};
use crate::{GROUP, Place, acme, each, error, files, kaslint};

/// Numbers that a seed decides (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(end.max(1)).unwrap()).unwrap()
    }
}

/// As `acme`, with so many more projects that have a file each.
fn company(role: u32, more: i64) -> World {
    let mut world = acme(role);
    for number in 0..more {
        world.projects.push(Project {
            id: 100 + number,
            path: format!("acme/web/p{number:03}"),
            files: files(&[(".gitlab-ci.yml", "include: /ci/more.yml\n"), ("ci/more.yml", "test: {script: [make]}\n")]),
            environments: vec![("production".to_owned(), "PRODUCTION")],
            protected_branches: vec!["main".to_owned()],
            ..Project::default()
        });
    }
    world
}

/// The files of an inventory, with one address in the place of another.
fn files_at(place: &Place, url: &str, instead: &str) -> BTreeMap<String, String> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(url, instead);
    place.files().into_iter().map(|(path, bytes)| (path, text(bytes))).collect()
}

const URL: &str = "http://gitlab.example.com";

fn wait_for(child: &mut Child, mut is_there: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_there() && child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_secs(120), "it hangs");
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// What one run gives that nobody kills: the files, how many bytes passed, and how long it took.
struct Whole {
    files: BTreeMap<String, String>,
    bytes: usize,
    time: Duration,
}

impl Whole {
    fn of(world: fn() -> World) -> Self {
        let (place, gitlab) = (Place::new(), Gitlab::serve(world()));
        let relay = Relay::to(&gitlab.url);
        let through = Gitlab { url: relay.url.clone(), ..gitlab };
        let start = Instant::now();
        let output = place.fetch(&through, GROUP);
        assert_eq!(output.status.code(), Some(0), "{}", error(&output));
        Self { files: files_at(&place, &relay.url, URL), bytes: relay.passed(), time: start.elapsed() }
    }
}

/// Kills a fetch at moments that a seed decides, one run after the other, and lets the last one end.
fn killed_at_random(seed: u64, world: fn() -> World, whole: &Whole) {
    let mut dice = Dice(seed);
    let (place, gitlab) = (Place::new(), Gitlab::serve(world()));
    let relay = Relay::to(&gitlab.url);
    let through = Gitlab { url: relay.url.clone(), ..gitlab };
    let mut before = BTreeMap::new();
    if dice.below(2) == 0 {
        fs::create_dir(place.inventory()).unwrap();
        fs::write(place.inventory().join("inventory.yaml"), "projects: []\n").unwrap();
        before = files_at(&place, "", "");
    }
    let beside = place.folder.path().join(".inventory.kaslint-fetch");
    for kill in 0..=dice.below(3) {
        let kind = dice.below(4);
        let (bytes, pause) = (dice.below(whole.bytes), dice.below(usize::try_from(whole.time.as_micros()).unwrap()));
        if kind < 2 {
            relay.stop_after(bytes);
        }
        let mut child = place.command(&through, GROUP).stderr(Stdio::null()).spawn().unwrap();
        match kind {
            // After so many bytes.
            0 | 1 => wait_for(&mut child, || relay.has_stopped()),
            // While the new folder is written.
            2 => {
                wait_for(&mut child, || beside.join("new").exists());
                std::thread::sleep(Duration::from_micros(u64::try_from(pause % 5_000).unwrap()));
            }
            // After so much time.
            _ => std::thread::sleep(Duration::from_micros(u64::try_from(pause).unwrap())),
        }
        child.kill().unwrap();
        child.wait().unwrap();
        relay.let_all_pass();
        if place.inventory().exists() {
            let there = files_at(&place, &relay.url, URL);
            assert!(
                there == before || there == whole.files,
                "seed {seed}, kill {kill}: half of it: {:?}",
                there.keys()
            );
        } else {
            assert!(before.is_empty(), "seed {seed}, kill {kill}: the old folder is gone");
        }
    }
    let output = place.fetch(&through, GROUP);
    assert_eq!(output.status.code(), Some(0), "seed {seed}: {}", error(&output));
    assert_eq!(files_at(&place, &relay.url, URL), whole.files, "seed {seed}");
    assert_eq!(place.names(), ["inventory", "token"], "seed {seed}");
}

fn killed(seeds: std::ops::Range<u64>) {
    let world = || company(MAINTAINER, 30);
    let whole = Whole::of(world);
    let next = AtomicUsize::new(usize::try_from(seeds.start).unwrap());
    // A few at a time, so that the moments by time fall into the run.
    each(3, |_| {
        loop {
            let seed = u64::try_from(next.fetch_add(1, Ordering::SeqCst)).unwrap();
            if seed >= seeds.end {
                break;
            }
            killed_at_random(seed, world, &whole);
        }
    });
}

#[test]
fn a_fetch_that_is_killed_at_random_moments_gives_the_same_bytes() {
    killed(0..12);
}

#[test]
#[ignore = "takes half a minute"]
fn a_fetch_that_is_killed_at_fifty_random_moments_gives_the_same_bytes() {
    killed(100..150);
}

#[test]
fn answers_that_come_byte_by_byte_are_answers() {
    let whole = Whole::of(|| acme(DEVELOPER));
    let (place, gitlab) = (Place::new(), Gitlab::serve(acme(DEVELOPER)));
    let relay = Relay::to(&gitlab.url);
    relay.one_by_one();
    let output = place.fetch(&Gitlab { url: relay.url.clone(), ..gitlab }, GROUP);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    assert_eq!(files_at(&place, &relay.url, URL), whole.files);
}

/// A clock whose waits are over at once.
struct Hasty;

impl Clock for Hasty {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, _: Duration) {}

    fn jitter(&self) -> f64 {
        0.0
    }
}

/// A limit that is short stands for the real one, which is a minute.
#[test]
fn an_answer_that_stops_in_the_middle_is_given_up_in_time() {
    let gitlab = Gitlab::serve(acme(DEVELOPER));
    let relay = Relay::to(&gitlab.url);
    let limit = Duration::from_millis(300);
    let http = Http::new(Authorities::System, Some(limit)).unwrap().taking_http(true);
    let url = format!("{}/api/v4/metadata", relay.url);
    let headers = [("private-token", TOKEN)];
    let request = Request { method: Method::Get, url: &url, headers: &headers, body: None, limit: 1 << 20 };
    let whole = http.send(&request).unwrap();
    let length = relay.passed();
    // In the head, and in the body of which the last byte does not come.
    for stop in [length - whole.body.len() - 20, length - 1] {
        relay.stop_after(stop);
        let http = Http::new(Authorities::System, Some(limit)).unwrap().taking_http(true);
        assert_eq!(http.send(&request).unwrap_err(), TransportError::TimedOut(limit), "after {stop}");
        relay.let_all_pass();
    }
    // Another one: what the first held back may still be on its way.
    let relay = Relay::to(&gitlab.url);
    let http = Http::new(Authorities::System, Some(limit)).unwrap().taking_http(true);
    relay.stop_after(0);
    let client = Client::new(&http, &Hasty, &relay.url, None);
    assert_eq!(client.get("/api/v4/metadata").unwrap_err(), ApiError::Overloaded(0));
    assert_eq!((client.requests(), relay.passed()), (5, 0), "it was tried five times");
}

/// The same with the limit that people have: five times a minute a page size.
#[test]
#[ignore = "takes five minutes"]
fn a_fetch_from_a_server_that_stalls_ends() {
    let (place, gitlab) = (Place::new(), Gitlab::serve(acme(DEVELOPER)));
    let relay = Relay::to(&gitlab.url);
    relay.stop_after(60);
    let output = place.fetch(&Gitlab { url: relay.url.clone(), ..gitlab }, GROUP);
    assert_eq!(output.status.code(), Some(2));
    assert!(error(&output).contains("no answer in time"), "{}", error(&output));
    assert_eq!(place.names(), ["token"]);
}

fn rows(text: &str) -> usize {
    text.matches("\n- project: ").count() + text.matches("\n- what: ").count()
}

/// What came in the place of one answer is told, makes nothing "none", and is asked for anew by the next run.
#[test]
fn what_is_no_answer_is_not_kept() {
    let (whole, gitlab) = (Place::new(), Gitlab::serve(acme(MAINTAINER)));
    whole.fetch(&gitlab, GROUP);
    let (count, whole) = (gitlab.requests(), files_at(&whole, &gitlab.url, URL));
    let bodies: [(&str, &[u8]); 4] = [
        ("text/html", b"<html>Sign in</html>"),
        ("application/json", b"{\"data\": {\"group\": {\"proj"),
        ("application/json", b"\"\""),
        ("image/png", b"\x89PNG\r\n\x1a\n\xff\x00"),
    ];
    each(count, |at| {
        for (kind, body) in bodies {
            let fault = move || Fault::Body(kind, body.to_vec());
            let world = World { faults: Box::new(move |number, _| (number == at).then(fault)), ..acme(MAINTAINER) };
            let (place, faulty) = (Place::new(), Gitlab::serve(world));
            let output = place.fetch(&faulty, GROUP);
            let about = format!("{kind} {:?} at {at}", String::from_utf8_lossy(body));
            if output.status.code() == Some(2) {
                assert!(!place.inventory().exists() && error(&output).contains("error: "), "{about}");
                let output = place.fetch(&faulty, GROUP);
                assert_eq!(output.status.code(), Some(0), "{about}: {}", error(&output));
                assert_eq!(files_at(&place, &faulty.url, URL), whole, "{about}");
            } else {
                assert_eq!(output.status.code(), Some(0), "{about}: {}", error(&output));
                let came = files_at(&place, &faulty.url, URL);
                let text = &came["inventory.yaml"];
                assert!(
                    came == whole || rows(text) > rows(&whole["inventory.yaml"]) || text.contains("cannot be read"),
                    "{about}: {text}"
                );
            }
            assert_eq!(place.names(), ["inventory", "token"], "{about}");
        }
    });
}

#[test]
fn a_server_that_fails_once_is_asked_again_and_one_that_fails_for_good_is_told() {
    let (whole, gitlab) = (Place::new(), Gitlab::serve(acme(DEVELOPER)));
    whole.fetch(&gitlab, GROUP);
    let (count, whole) = (gitlab.requests(), files_at(&whole, &gitlab.url, URL));
    let failed = || Fault::Status(500, vec![("retry-after", "0")], r#"{"message":"500 Internal Server Error"}"#);
    each(count, |at| {
        let world = World { faults: Box::new(move |number, _| (number == at).then(failed)), ..acme(DEVELOPER) };
        let (place, faulty) = (Place::new(), Gitlab::serve(world));
        let output = place.fetch(&faulty, GROUP);
        assert_eq!(output.status.code(), Some(0), "once at {at}: {}", error(&output));
        assert_eq!(files_at(&place, &faulty.url, URL), whole, "once at {at}");
        // From here on always, until somebody mends it.
        let is_mended = Arc::new(AtomicBool::new(false));
        let fault = {
            let is_mended = Arc::clone(&is_mended);
            move |number: usize, _: &str| (number >= at && !is_mended.load(Ordering::SeqCst)).then(failed)
        };
        let (place, faulty) = (Place::new(), Gitlab::serve(World { faults: Box::new(fault), ..acme(DEVELOPER) }));
        let output = place.fetch(&faulty, GROUP);
        if output.status.code() == Some(0) {
            let text = place.text();
            assert!(rows(&text) > rows(&whole["inventory.yaml"]) || text.contains("500"), "always from {at}: {text}");
        } else {
            assert_eq!(output.status.code(), Some(2));
            assert!(error(&output).contains("500: the server cannot answer this"), "{at}: {}", error(&output));
            assert!(!place.inventory().exists());
        }
        is_mended.store(true, Ordering::SeqCst);
        let output = place.fetch(&faulty, GROUP);
        assert_eq!(output.status.code(), Some(0), "mended after {at}: {}", error(&output));
        assert_eq!(files_at(&place, &faulty.url, URL), whole, "mended after {at}");
        assert_eq!(place.names(), ["inventory", "token"]);
    });
}

/// A change of the projects, from one page to the next.
type Change = (&'static str, fn(&mut Vec<Project>));

#[test]
fn a_list_that_changes_between_its_pages_loses_nothing_and_tells_nothing_twice() {
    let changes: [Change; 6] = [
        ("gone from the first page", |projects| projects.retain(|project| project.id != 100)),
        ("gone from the second page", |projects| projects.retain(|project| project.id != 229)),
        ("more on the second page", |projects| {
            projects.push(Project { id: 500, path: "acme/web/new".to_owned(), ..Project::default() });
        }),
        ("more on the first page", |projects| {
            projects.insert(0, Project { id: 5, path: "acme/web/late".to_owned(), ..Project::default() });
        }),
        ("renamed on the first page", |projects| {
            projects.iter_mut().filter(|project| project.id == 100).for_each(|one| one.path = "acme/web/z".to_owned());
        }),
        ("renamed on the second page", |projects| {
            projects.iter_mut().filter(|project| project.id == 229).for_each(|one| one.path = "acme/web/a".to_owned());
        }),
    ];
    let world = || {
        let mut world = company(DEVELOPER, 130);
        world.projects.sort_by_key(|project| project.id);
        world
    };
    let told: Vec<String> = std::thread::scope(|scope| {
        let run = |(name, change): Change| {
            let (before, mut after) = (world(), world());
            change(&mut after.projects);
            let paths =
                |world: &World| world.projects.iter().map(|project| (project.id, project.path.clone())).collect();
            let (first, second): (BTreeMap<i64, String>, BTreeMap<i64, String>) = (paths(&before), paths(&after));
            // The first page has the first hundred.
            let end = *first.keys().nth(99).unwrap();
            let expected: BTreeMap<i64, String> =
                first.range(..=end).chain(second.range(end + 1..)).map(|(id, path)| (*id, path.clone())).collect();
            let url = changing(before, after, 1);
            let (place, gitlab) = (Place::new(), Gitlab { url, ..Gitlab::serve(World::default()) });
            let output = place.fetch(&gitlab, GROUP);
            assert_eq!(output.status.code(), Some(0), "{name}: {}", error(&output));
            let inventory: serde_json::Value = serde_yaml::from_str(&place.text()).unwrap();
            let projects = inventory["projects"].as_array().unwrap();
            let listed: BTreeMap<i64, String> = projects
                .iter()
                .map(|project| (project["id"].as_i64().unwrap(), project["path"].as_str().unwrap().to_owned()))
                .collect();
            assert_eq!(listed, expected, "{name}");
            assert_eq!(projects.len(), expected.len(), "{name}: twice");
            let unread = inventory["unread"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|row| row["project"].as_str().is_some_and(|path| path.starts_with("acme/web/p")));
            let unread: Vec<String> = unread
                .map(|row| {
                    format!(
                        "  {} {}: {}\n",
                        row["project"].as_str().unwrap(),
                        row["what"].as_str().unwrap(),
                        row["reason"].as_str().unwrap()
                    )
                })
                .collect();
            format!("{name}\n{}", unread.concat())
        };
        let running: Vec<_> = changes.into_iter().map(|change| scope.spawn(move || run(change))).collect();
        running.into_iter().map(|run| run.join().unwrap()).collect()
    });
    insta::assert_snapshot!("changing", told.concat());
}

/// A project that is listed by two groups, with another path in the second, is one.
#[test]
fn a_project_that_is_renamed_between_two_lists_is_told_once() {
    let (before, mut after) = (acme(DEVELOPER), acme(DEVELOPER));
    after.projects[0].path = "acme/web/store".to_owned();
    let (place, gitlab) = (Place::new(), Gitlab { url: changing(before, after, 1), ..Gitlab::serve(World::default()) });
    let output = place.fetch(&gitlab, &["--group", "acme", "acme/web"]);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    let text = place.text();
    assert!(
        text.contains("\n- path: acme/web/store\n  id: 12\n") && !text.contains("- path: acme/web/shop\n"),
        "{text}"
    );
    assert!(text.contains("it was renamed or moved to acme/web/store while it was read"), "{text}");
    let check = kaslint(place.folder.path()).args(["inventory", "check", "inventory/inventory.yaml"]).output().unwrap();
    assert_eq!(check.status.code(), Some(0), "{}", error(&check));
}

/// The old folder, whole, and nothing new; and what was said.
fn is_refused(place: &Place, output: &std::process::Output, before: &BTreeMap<String, Vec<u8>>) -> String {
    let said = error(output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
    assert_eq!(&place.files(), before);
    said.lines().find(|line| line.starts_with("error: ")).unwrap().to_owned()
}

/// As the shell limits it: no file is longer than so many blocks of 512 bytes.
#[cfg(target_os = "linux")]
fn limited(command: &Command, blocks: usize, script: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(format!("{script} ulimit -f {blocks}; exec \"$0\" \"$@\"")).arg(command.get_program());
    shell.args(command.get_args()).current_dir(command.get_current_dir().unwrap()).stdin(Stdio::null());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_leaves_the_old_folder() {
    let (place, gitlab) = (Place::new(), Gitlab::serve(acme(DEVELOPER)));
    place.fetch(&gitlab, GROUP);
    let before = place.files();
    let mut more = company(DEVELOPER, 60);
    more.projects[0].files.insert("ci/deploy.yml".to_owned(), "# more\n".repeat(2_000).into_bytes());
    let gitlab = Gitlab::serve(more);
    // The signal ignored, a write fails; else it kills. Answers that do not fit are not kept, and nothing of them stays.
    let output = limited(&place.command(&gitlab, GROUP), 8, "trap '' XFSZ;").output().unwrap();
    let said = is_refused(&place, &output, &before);
    insta::assert_snapshot!("disk_full", said);
    let killed = limited(&place.command(&gitlab, GROUP), 8, "").output().unwrap();
    assert_ne!(killed.status.code(), Some(0));
    assert_eq!(place.files(), before);
    let beside = crate::files_below(&place.folder.path().join(".inventory.kaslint-fetch"));
    let long: Vec<&String> = beside.iter().filter(|(_, bytes)| bytes.len() > 8 * 512).map(|(path, _)| path).collect();
    assert!(long.is_empty(), "{long:?}");
    let output = place.fetch(&gitlab, GROUP);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    assert_eq!(place.files()["projects/acme/web/shop/ci/deploy.yml"].len(), 14_000);
    assert_eq!(place.names(), ["inventory", "token"]);
}

/// Runs a command in its folder as it lies on a disk of so many KiB, which nobody else sees, and once more after the disk has grown; what is there after each
/// is copied to `full` and `grown`. 77 where no disk may be mounted.
#[cfg(target_os = "linux")]
const ON_A_SMALL_DISK: &str = "\
mkdir disk full grown && mount -t tmpfs -o size=\"$SIZE\"k tmpfs disk || exit 77
cp -R inventory token disk/ || exit 78
(cd disk && exec \"$0\" \"$@\")
status=$?
cp -R disk/. full/
mount -o remount,size=16m disk && (cd disk && exec \"$0\" \"$@\") >/dev/null 2>&1 || exit 79
cp -R disk/. grown/
exit $status";

/// A disk that is full, where one may be mounted: as root, or in a namespace of one's own.
#[cfg(target_os = "linux")]
#[test]
fn a_small_disk_that_is_full_leaves_the_old_folder() {
    let (place, gitlab) = (Place::new(), Gitlab::serve(acme(DEVELOPER)));
    place.fetch(&gitlab, GROUP);
    let before = place.files();
    let mut more = company(DEVELOPER, 60);
    more.projects[0].files.insert("ci/deploy.yml".to_owned(), "# more\n".repeat(20_000).into_bytes());
    let gitlab = Gitlab::serve(more);
    let command = place.command(&gitlab, GROUP);
    let mut small = Command::new("unshare");
    small.args(["--map-root-user", "--mount", "/bin/sh", "-c", ON_A_SMALL_DISK]).arg(command.get_program());
    small.args(command.get_args()).current_dir(place.folder.path()).stdin(Stdio::null());
    small.env("SIZE", "96").env("HOME", place.folder.path());
    let output = small.output();
    let Some(output) = output.ok().filter(|output| !matches!(output.status.code(), Some(1 | 77))) else {
        println!("no disk may be mounted here; the limit of the shell stands for it");
        return;
    };
    let said = error(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    insta::assert_snapshot!("small_disk_full", said.replace(&gitlab.url, "http://gitlab.example.com"));
    let on_disk = |folder: &str| crate::files_below(&place.folder.path().join(folder).join("inventory"));
    assert_eq!(on_disk("full"), before);
    let grown = on_disk("grown");
    assert_eq!(grown["projects/acme/web/shop/ci/deploy.yml"].len(), 140_000);
    let mut names: Vec<_> =
        fs::read_dir(place.folder.path().join("grown")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["inventory", "token"]);
}

#[cfg(unix)]
#[test]
fn a_place_that_is_none_says_what_to_do() {
    use std::os::unix::fs::PermissionsExt as _;
    let (place, gitlab) = (Place::new(), Gitlab::serve(acme(DEVELOPER)));
    let around = place.folder.path();
    let mut said = String::new();
    let mut tell = |name: &str, to: &str| {
        let mut command = kaslint(around);
        command.args(["inventory", "fetch", "--group", "acme", "--insecure-http", "--token-file", "token", "--url"]);
        let output = command.args([&gitlab.url, "--output", to]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {}", error(&output));
        said.push_str(&format!("{name}: {}", error(&output)));
    };
    fs::write(around.join("file"), "mine").unwrap();
    tell("a file", "file");
    assert_eq!(fs::read_to_string(around.join("file")).unwrap(), "mine");
    tell("below a file", "file/inventory");
    tell("in no folder", "nowhere/inventory");
    std::os::unix::fs::symlink("nothing", around.join("link")).unwrap();
    tell("a link to nothing", "link");
    fs::create_dir(around.join("repository")).unwrap();
    fs::create_dir(around.join("repository/.git")).unwrap();
    tell("a repository", "repository");
    tell("no name", "..");
    fs::write(around.join(".taken.kaslint-fetch"), "mine").unwrap();
    tell("a file in the place of what is kept", "taken");
    // To root nothing is read-only but what the kernel keeps.
    if cfg!(target_os = "linux") {
        tell("a file system of the kernel", "/proc/inventory");
    }
    let locked = around.join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(locked.join("probe"), "").is_err() {
        tell("read-only", "locked/inventory");
        assert_eq!(fs::read_dir(&locked).unwrap().count(), 0);
    }
    assert_eq!(gitlab.requests(), 0, "nothing was asked");
    let left = [".taken.kaslint-fetch", "file", "link", "locked", "repository", "token"];
    assert_eq!(place.names(), left);
    let said: Vec<&str> = said.lines().filter(|line| !line.starts_with("read-only")).collect();
    insta::assert_snapshot!("no_place", said.join("\n"));
}

/// Of a repository only the folder changes, whatever stands in the index or was not committed.
#[test]
fn a_repository_around_the_folder_is_left_alone() {
    let (place, gitlab) = (Place::new(), Gitlab::serve(acme(DEVELOPER)));
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(place.folder.path()).env_clear().env("HOME", place.folder.path());
        command.env("PATH", std::env::var_os("PATH").unwrap()).args(["-c", "user.name=a", "-c", "user.email=a@b.c"]);
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", error(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    fs::write(place.folder.path().join("mine"), "a").unwrap();
    place.fetch(&gitlab, GROUP);
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "a"]);
    fs::write(place.folder.path().join("mine"), "b").unwrap();
    fs::write(place.inventory().join("inventory.yaml"), "projects: []\n").unwrap();
    place.fetch(&gitlab, GROUP);
    assert_eq!(git(&["status", "--porcelain"]), " M mine\n");
}

#[cfg(target_os = "linux")]
#[test]
fn the_token_is_in_no_process_and_what_is_kept_is_for_its_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World { faults: Box::new(|number, _| (number == 6).then_some(Fault::Hang)), ..acme(DEVELOPER) };
    let (place, gitlab) = (Place::new(), Gitlab::serve(world));
    let command = place.command(&gitlab, GROUP);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "umask 000; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    shell.current_dir(place.folder.path()).env_clear().env("HOME", place.folder.path());
    let mut child = shell.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for(&mut child, || gitlab.hangs.load(Ordering::SeqCst) > 0);
    let process = Path::new("/proc").join(child.id().to_string());
    for what in ["cmdline", "environ"] {
        let bytes = fs::read(process.join(what)).unwrap();
        assert!(!bytes.is_empty() && !String::from_utf8_lossy(&bytes).contains(TOKEN), "{what}");
    }
    for thread in fs::read_dir(process.join("task")).unwrap().flatten() {
        // Where the kernel does not tell of children, the file is not there.
        let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        assert_eq!(children, "", "it starts no program");
    }
    let beside = place.folder.path().join(".inventory.kaslint-fetch");
    let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
    let kept = crate::files_below(&beside);
    assert!(kept.keys().any(|path| path.starts_with("answers/")), "{:?}", kept.keys());
    for (path, bytes) in &kept {
        assert_eq!(mode(&beside.join(path)), 0o600, "{path}");
        assert!(!String::from_utf8_lossy(bytes).contains(TOKEN), "{path}");
    }
    assert_eq!((mode(&beside), mode(&beside.join("answers"))), (0o700, 0o700));
    child.kill().unwrap();
    child.wait().unwrap();
    // What is written has the rights that everything has that somebody writes.
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "umask 027; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    shell.current_dir(place.folder.path()).env_clear().env("HOME", place.folder.path());
    let output = shell.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    assert_eq!(mode(&place.inventory()), 0o750);
    for path in place.files().keys() {
        assert_eq!(mode(&place.inventory().join(path)), 0o640, "{path}");
    }
}
