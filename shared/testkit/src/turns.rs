//! Two workers whose calls happen in an order that was laid down before.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

/// Whose call comes when. Who has left is passed over; after the last turn everybody goes on as they like.
#[derive(Clone)]
pub struct Turns(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    news: Notify,
}

struct State {
    order: VecDeque<&'static str>,
    left: HashSet<&'static str>,
}

impl Turns {
    /// In this order, a name per call.
    pub fn new(order: impl IntoIterator<Item = &'static str>) -> Self {
        let state = State { order: order.into_iter().collect(), left: HashSet::new() };
        Self(Arc::new(Inner { state: Mutex::new(state), news: Notify::new() }))
    }

    /// All orders of so many calls of one and so many of another.
    pub fn orders(one: (&'static str, usize), other: (&'static str, usize)) -> Vec<Vec<&'static str>> {
        if one.1 == 0 {
            return vec![vec![other.0; other.1]];
        }
        if other.1 == 0 {
            return vec![vec![one.0; one.1]];
        }
        let begins = |name: &'static str, rest: Vec<Vec<&'static str>>| {
            rest.into_iter().map(move |order| [vec![name], order].concat())
        };
        let with_one = begins(one.0, Self::orders((one.0, one.1 - 1), other));
        let with_other = begins(other.0, Self::orders(one, (other.0, other.1 - 1)));
        with_one.chain(with_other).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn of `who` and takes it.
    pub(crate) async fn mine(&self, who: &'static str) {
        loop {
            let news = self.0.news.notified();
            {
                let mut state = self.state();
                while state.order.front().is_some_and(|next| state.left.contains(next)) {
                    state.order.pop_front();
                }
                if state.order.front().is_none_or(|next| *next == who) {
                    state.order.pop_front();
                    drop(state);
                    self.0.news.notify_waiters();
                    return;
                }
            }
            news.await;
        }
    }

    /// `who` makes no more calls.
    pub(crate) fn leaves(&self, who: &'static str) {
        self.state().left.insert(who);
        self.0.news.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_orders_of_two_workers_are_told_once_each() {
        let mut orders = Turns::orders(("a", 3), ("b", 2));
        assert_eq!(orders.len(), 10);
        orders.sort_unstable();
        orders.dedup();
        assert_eq!(orders.len(), 10);
    }
}
