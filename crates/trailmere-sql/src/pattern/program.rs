//! A pattern as a program: labels to match, and where to go on.

use crate::error::{Kind, Result, SqlError};

/// A pattern as written; labels by index.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    /// `()`
    Empty,
    /// A label.
    Label(usize),
    /// One after another.
    Sequence(Vec<Node>),
    /// One of them, the first that goes.
    Choice(Vec<Node>),
    /// `PERMUTE(…)`
    Permute(Vec<Node>),
    /// `{- … -}`
    Excluded(Box<Node>),
    /// `^`
    Start,
    /// `$`
    End,
    /// `*`, `+`, `?`, `{n,m}`: at least, at most, as many as possible.
    Repeat(Box<Node>, usize, Option<usize>, bool),
}

/// A step of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The next row must have this label.
    Label(usize),
    /// Go to the first; if that fails, to the second.
    Split(usize, usize),
    /// Go there.
    Jump(usize),
    /// Rows from here on are left out.
    Exclude,
    /// … up to here.
    Include,
    /// At the first row only.
    Start,
    /// After the last row only.
    End,
    /// Remember the place in a register.
    Mark(usize),
    /// Fail if nothing has been matched since the mark: a loop must not turn forever.
    Moved(usize),
    /// Done.
    Match,
}

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) steps: Vec<Step>,
    pub(crate) registers: usize,
}

/// The most steps of a program.
const MAX_STEPS: usize = 100_000;

impl Program {
    /// Compiles a pattern.
    pub(crate) fn of(node: &Node) -> Result<Program> {
        let mut program = Program { steps: vec![], registers: 0 };
        program.add(node)?;
        program.steps.push(Step::Match);
        Ok(program)
    }

    fn push(&mut self, step: Step) -> Result<usize> {
        if self.steps.len() >= MAX_STEPS {
            return Err(SqlError::new(Kind::Limit, "the pattern is too large"));
        }
        self.steps.push(step);
        Ok(self.steps.len() - 1)
    }

    fn add(&mut self, node: &Node) -> Result<()> {
        match node {
            Node::Empty => Ok(()),
            Node::Label(label) => self.push(Step::Label(*label)).map(|_| ()),
            Node::Start => self.push(Step::Start).map(|_| ()),
            Node::End => self.push(Step::End).map(|_| ()),
            Node::Sequence(all) => all.iter().try_for_each(|n| self.add(n)),
            Node::Excluded(inner) => {
                self.push(Step::Exclude)?;
                self.add(inner)?;
                self.push(Step::Include).map(|_| ())
            }
            Node::Choice(all) => self.choice(all),
            Node::Permute(all) => self.choice(&permutations(all)?),
            Node::Repeat(inner, low, high, greedy) => {
                for _ in 0..*low {
                    self.add(inner)?;
                }
                match high {
                    None => self.repeat(inner, *greedy),
                    Some(high) => self.optional(inner, high.saturating_sub(*low), *greedy),
                }
            }
        }
    }

    fn choice(&mut self, all: &[Node]) -> Result<()> {
        let mut ends = Vec::new();
        for (i, node) in all.iter().enumerate() {
            if i + 1 == all.len() {
                self.add(node)?;
                continue;
            }
            let split = self.push(Step::Match)?;
            self.add(node)?;
            ends.push(self.push(Step::Match)?);
            self.steps[split] = Step::Split(split + 1, self.steps.len());
        }
        for end in ends {
            self.steps[end] = Step::Jump(self.steps.len());
        }
        Ok(())
    }

    /// As often as it goes.
    fn repeat(&mut self, inner: &Node, greedy: bool) -> Result<()> {
        let register = self.registers;
        self.registers += 1;
        let split = self.push(Step::Match)?;
        self.push(Step::Mark(register))?;
        self.add(inner)?;
        self.push(Step::Moved(register))?;
        self.push(Step::Jump(split))?;
        self.steps[split] = either(split + 1, self.steps.len(), greedy);
        Ok(())
    }

    /// Up to `count` times.
    fn optional(&mut self, inner: &Node, count: usize, greedy: bool) -> Result<()> {
        let mut splits = Vec::new();
        for _ in 0..count {
            splits.push(self.push(Step::Match)?);
            self.add(inner)?;
        }
        for split in splits {
            self.steps[split] = either(split + 1, self.steps.len(), greedy);
        }
        Ok(())
    }
}

fn either(inner: usize, after: usize, greedy: bool) -> Step {
    if greedy { Step::Split(inner, after) } else { Step::Split(after, inner) }
}

/// Every order, the written one first.
fn permutations(all: &[Node]) -> Result<Vec<Node>> {
    if all.len() > 7 {
        return Err(SqlError::new(Kind::Limit, "PERMUTE takes at most 7 patterns"));
    }
    let mut orders: Vec<Vec<usize>> = vec![vec![]];
    for _ in 0..all.len() {
        let longer = |order: Vec<usize>| {
            let rest = (0..all.len()).filter(|i| !order.contains(i)).collect::<Vec<_>>();
            rest.into_iter().map(move |i| [order.as_slice(), &[i]].concat())
        };
        orders = orders.into_iter().flat_map(longer).collect();
    }
    let sequence = |order: Vec<usize>| Node::Sequence(order.into_iter().map(|i| all[i].clone()).collect());
    Ok(orders.into_iter().map(sequence).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_and_choices_go_where_they_should() {
        let node = Node::Sequence(vec![
            Node::Choice(vec![Node::Label(0), Node::Label(1)]),
            Node::Repeat(Box::new(Node::Label(2)), 0, None, true),
        ]);
        let program = Program::of(&node).unwrap();
        assert_eq!(
            program.steps,
            [
                Step::Split(1, 3),
                Step::Label(0),
                Step::Jump(4),
                Step::Label(1),
                Step::Split(5, 9),
                Step::Mark(0),
                Step::Label(2),
                Step::Moved(0),
                Step::Jump(4),
                Step::Match
            ]
        );
    }

    #[test]
    fn permutations_begin_with_the_written_order() {
        let all = permutations(&[Node::Label(0), Node::Label(1), Node::Label(2)]).unwrap();
        assert_eq!(all.len(), 6);
        assert!(
            matches!(&all[0], Node::Sequence(s) if matches!(s.as_slice(), [Node::Label(0), Node::Label(1), Node::Label(2)]))
        );
    }
}
