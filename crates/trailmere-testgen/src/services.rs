//! Which services are there? One file per group; this list names them all.

mod access;
mod compute;
mod data;
mod operations;
mod storage;

use crate::action::Action;
use crate::dice::Dice;

/// Everything that can happen, with weights, in a fixed order.
pub(crate) struct Catalogue {
    actions: Vec<Action>,
    total: usize,
}

impl Catalogue {
    /// All actions of all services.
    pub(crate) fn new() -> Self {
        let groups = [storage::ACTIONS, compute::ACTIONS, access::ACTIONS, data::ACTIONS, operations::ACTIONS];
        let actions = groups.concat();
        let total = actions.iter().map(|action| action.weight as usize).sum();
        Self { actions, total }
    }

    /// One action, as likely as its weight says.
    pub(crate) fn draw(&self, dice: &mut Dice) -> &Action {
        let mut left = dice.below(self.total);
        for action in &self.actions {
            if left < action.weight as usize {
                return action;
            }
            left -= action.weight as usize;
        }
        &self.actions[0]
    }

    /// Each action in turn, for corpora that must hold them all.
    pub(crate) fn numbered(&self, number: usize) -> &Action {
        &self.actions[number % self.actions.len()]
    }

    /// How many actions there are.
    pub(crate) fn len(&self) -> usize {
        self.actions.len()
    }
}
