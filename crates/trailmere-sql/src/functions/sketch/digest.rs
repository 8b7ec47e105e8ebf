//! Where do the values of a group lie? A t-digest that is exact while it is small.

/// Centroids kept before they are joined, and about how many are left then.
const MOST: usize = 4096;
const COMPRESSION: f64 = 500.0;

/// Means and weights of neighbouring values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Digest {
    centroids: Vec<(f64, f64)>,
    /// Whether values have been joined with others.
    joined: bool,
    sorted: bool,
    least: f64,
    most: f64,
}

impl Digest {
    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.centroids.is_empty()
    }

    /// Adds a value so many times.
    pub(crate) fn add(&mut self, value: f64, weight: f64) {
        if value.is_nan() || weight <= 0.0 {
            return;
        }
        if self.is_empty() {
            (self.least, self.most) = (value, value);
        }
        (self.least, self.most) = (self.least.min(value), self.most.max(value));
        self.centroids.push((value, weight));
        self.sorted = false;
        if self.centroids.len() > 2 * MOST {
            self.compress();
        }
    }

    /// Adds all of another digest.
    pub(crate) fn merge(&mut self, other: &Digest) {
        for (mean, weight) in &other.centroids {
            self.add(*mean, *weight);
        }
        if !other.is_empty() {
            (self.least, self.most) = (self.least.min(other.least), self.most.max(other.most));
            self.joined |= other.joined;
        }
    }

    fn sort(&mut self) {
        if !self.sorted {
            self.centroids.sort_by(|a, b| a.0.total_cmp(&b.0));
            self.centroids.dedup_by(|b, a| {
                let same = a.0 == b.0;
                a.1 += if same { b.1 } else { 0.0 };
                same
            });
            self.sorted = true;
        }
    }

    fn compress(&mut self) {
        self.sort();
        if self.centroids.len() <= MOST {
            return;
        }
        self.joined = true;
        let total: f64 = self.centroids.iter().map(|c| c.1).sum();
        // The scale that keeps the ends fine: a centroid spans at most one unit of it.
        let scale = |q: f64| COMPRESSION / std::f64::consts::TAU * (2.0 * q.clamp(0.0, 1.0) - 1.0).asin();
        let mut joined: Vec<(f64, f64)> = vec![];
        let (mut before, mut start) = (0.0, scale(0.0));
        for &(mean, weight) in &self.centroids {
            let end = scale((before + weight) / total);
            match joined.last_mut() {
                Some(last) if end - start <= 1.0 => {
                    last.0 += (mean - last.0) * weight / (last.1 + weight);
                    last.1 += weight;
                }
                _ => {
                    start = scale(before / total);
                    joined.push((mean, weight));
                }
            }
            before += weight;
        }
        self.centroids = joined;
    }

    /// The value that the part `q` of all values is not above.
    pub(crate) fn quantile(&mut self, q: f64) -> Option<f64> {
        self.sort();
        if self.is_empty() {
            return None;
        }
        let total: f64 = self.centroids.iter().map(|c| c.1).sum();
        let target = q * total;
        let mut before = 0.0;
        let mut previous = (0.0, self.least);
        for (mean, weight) in &self.centroids {
            if !self.joined {
                if before + weight >= target {
                    return Some(*mean);
                }
            } else {
                let middle = before + weight / 2.0;
                if middle >= target {
                    return Some(between(previous, (middle, *mean), target));
                }
                previous = (middle, *mean);
            }
            before += weight;
        }
        Some(if self.joined { between(previous, (total, self.most), target) } else { self.most })
    }

    /// Which part of all values is not above `value`.
    pub(crate) fn rank(&mut self, value: f64) -> Option<f64> {
        self.sort();
        if self.is_empty() || value < self.least || value > self.most {
            return None;
        }
        let total: f64 = self.centroids.iter().map(|c| c.1).sum();
        let below: f64 = self.centroids.iter().take_while(|c| c.0 <= value).map(|c| c.1).sum();
        Some(below / total)
    }

    /// Multiplies all weights.
    pub(crate) fn scale(&mut self, factor: f64) {
        self.centroids.iter_mut().for_each(|c| c.1 *= factor);
    }

    /// Serialised: whether joined, the ends, the centroids.
    pub(crate) fn bytes(&mut self) -> Vec<u8> {
        self.sort();
        let numbers = [f64::from(u8::from(self.joined)), self.least, self.most];
        let centroids = self.centroids.iter().flat_map(|c| [c.0, c.1]);
        numbers.into_iter().chain(centroids).flat_map(f64::to_le_bytes).collect()
    }

    /// Reads what [`Digest::bytes`] wrote; anything else is an empty digest.
    pub(crate) fn read(bytes: &[u8]) -> Digest {
        let numbers: Vec<f64> = bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect();
        let [joined, least, most, centroids @ ..] = numbers.as_slice() else { return Digest::default() };
        let centroids = centroids.as_chunks::<2>().0.iter().map(|[mean, weight]| (*mean, *weight)).collect();
        Digest { centroids, joined: *joined != 0.0, sorted: false, least: *least, most: *most }
    }

    /// Heap bytes.
    pub(crate) fn heap(&self) -> usize {
        self.centroids.capacity() * 16
    }
}

/// On the line between two points.
fn between((x1, y1): (f64, f64), (x2, y2): (f64, f64), x: f64) -> f64 {
    if x2 <= x1 { y2 } else { y1 + (y2 - y1) * ((x - x1) / (x2 - x1)).clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_are_exact() {
        let mut digest = Digest::default();
        (1..=100).rev().for_each(|v| digest.add(f64::from(v), 1.0));
        for (q, v) in [(0.0, 1.0), (0.01, 1.0), (0.5, 50.0), (0.99, 99.0), (1.0, 100.0)] {
            assert_eq!(digest.quantile(q), Some(v), "{q}");
        }
        assert_eq!(Digest::default().quantile(0.5), None);
    }

    #[test]
    fn many_values_are_near_and_cost_little() {
        let mut parts = [Digest::default(), Digest::default()];
        for i in 0..200_000u64 {
            let value = (i.wrapping_mul(2_654_435_761) % 1_000_003) as f64;
            parts[(i % 2) as usize].add(value, 1.0);
        }
        let [mut digest, mut other] = parts;
        digest.merge(&Digest::read(&other.bytes()));
        assert!(digest.heap() < 1 << 20);
        for q in [0.001, 0.01, 0.25, 0.5, 0.75, 0.99, 0.999] {
            let found = digest.quantile(q).unwrap() / 1_000_003.0;
            assert!((found - q).abs() < 0.005, "{q} {found}");
        }
    }
}
