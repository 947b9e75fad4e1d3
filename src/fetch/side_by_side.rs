//! Requests of one kind, a few of them in flight at a time.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Does something to each item on so many threads; what comes of it stands in the order of the items. After a first error no item is begun.
///
/// # Errors
/// The first in the order of the items, of those that came.
pub(super) fn each<T: Sync, R: Send, E: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let next = AtomicUsize::new(0);
    let has_failed = AtomicBool::new(false);
    let done: Mutex<Vec<(usize, Result<R, E>)>> = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                while !has_failed.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = work(item);
                    has_failed.fetch_or(result.is_err(), Ordering::Relaxed);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    // Results before the error are of no use: whoever asks again gets them from what is kept of a fetch that was broken off.
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::each;

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..100).collect();
        let doubled: Result<Vec<usize>, ()> = each(&items, 7, |item| Ok(item * 2));
        assert_eq!(doubled.unwrap(), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert_eq!(each(&[] as &[usize], 4, |_| Ok::<(), ()>(())), Ok(Vec::new()));
    }

    #[test]
    fn an_error_ends_it() {
        assert_eq!(each(&[1, 2, 3], 1, |&item| if item == 2 { Err(item) } else { Ok(item) }), Err(2));
    }
}
