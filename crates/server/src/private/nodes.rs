//! Nodes that may ship evidence here: who was invited, which certificates hold, who was revoked.
//! Losing this shuts every node out until it joins again, and loses no evidence.

use event::Time;
use rusqlite::{OptionalExtension, Row, params};

use super::{Error, Private, Secret};

/// Nodes that may be known at the same time.
pub const NODES_LEN_MAX: u64 = 10_000;

/// A node that was invited once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// When it was first invited.
    pub created: Time,
    /// Who invited it last.
    pub created_by: String,
    /// Until when it may join, if it was invited and has not joined since.
    pub invited_until: Option<Time>,
    /// When it joined last.
    pub joined: Option<Time>,
    /// When it was revoked, unless it joined since.
    pub revoked: Option<Time>,
    /// When something came from it, to the minute.
    pub seen: Option<Time>,
    /// Version of its agent.
    pub agent: Option<String>,
    /// When the newest of its certificates ends.
    pub certificate_until: Option<Time>,
}

const COLUMNS: &str = "name, created, created_by,
    (SELECT max(expires) FROM node_invitation WHERE node = name), joined, revoked, seen, agent,
    (SELECT max(until) FROM node_certificate WHERE node = name)";

impl Private {
    /// Invites a node: returns the secret by which it joins, once, before `expires`. Older
    /// invitations of it stop working. Nothing, if there are too many nodes.
    pub fn invite_node(
        &self,
        name: &str,
        expires: Time,
        by: &str,
        now: Time,
    ) -> Result<Option<Secret>, Error> {
        let secret = Secret::random();
        let mut connection = self.lock();
        let step = connection.transaction()?;
        let others = "SELECT count(*) FROM node WHERE name <> ?1";
        if step.query_row(others, [name], |row| row.get::<_, u64>(0))? >= NODES_LEN_MAX {
            return Ok(None);
        }
        step.execute(
            "INSERT INTO node (name, created, created_by) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET created_by = excluded.created_by",
            params![name, now.0, by],
        )?;
        step.execute(
            "DELETE FROM node_invitation WHERE node = ?1 OR expires <= ?2",
            params![name, now.0],
        )?;
        step.execute(
            "INSERT INTO node_invitation (hash, node, expires) VALUES (?1, ?2, ?3)",
            params![secret.hash(), name, expires.0],
        )?;
        step.commit()?;
        Ok(Some(secret))
    }

    /// Takes an invitation back, as one that the trail does not know must not exist.
    pub fn forget_invitation(&self, name: &str) -> Result<(), Error> {
        self.lock().execute("DELETE FROM node_invitation WHERE node = ?1", [name])?;
        Ok(())
    }

    /// Uses an invitation up; returns the node that it was for.
    pub fn use_invitation(&self, secret: &str, now: Time) -> Result<Option<String>, Error> {
        let sql = "DELETE FROM node_invitation WHERE hash = ?1 RETURNING node, expires";
        let hash = Secret::presented(secret).hash();
        let used = self
            .lock()
            .query_row(sql, [hash], |row| Ok((row.get(0)?, Time(row.get(1)?))))
            .optional()?;
        Ok(used.filter(|(_, expires)| now < *expires).map(|(node, _)| node))
    }

    /// Notes that a node joined. Certificates that it had before hold no longer.
    pub fn node_joined(
        &self,
        name: &str,
        agent: &str,
        certificate: (&[u8; 32], Time),
        now: Time,
    ) -> Result<(), Error> {
        let mut connection = self.lock();
        let step = connection.transaction()?;
        step.execute("DELETE FROM node_certificate WHERE node = ?1", [name])?;
        step.execute(
            "UPDATE node SET joined = ?2, revoked = NULL, agent = ?3 WHERE name = ?1",
            params![name, now.0, agent],
        )?;
        step.execute(
            "INSERT INTO node_certificate (fingerprint, node, until) VALUES (?1, ?2, ?3)",
            params![certificate.0, name, certificate.1.0],
        )?;
        Ok(step.commit()?)
    }

    /// Adds the next certificate of a node beside the one that it renews, and no other.
    pub fn node_renewed(
        &self,
        name: &str,
        held: &[u8; 32],
        certificate: (&[u8; 32], Time),
    ) -> Result<(), Error> {
        let mut connection = self.lock();
        let step = connection.transaction()?;
        step.execute(
            "DELETE FROM node_certificate WHERE node = ?1 AND fingerprint <> ?2",
            params![name, held],
        )?;
        step.execute(
            "INSERT OR REPLACE INTO node_certificate (fingerprint, node, until)
             VALUES (?1, ?2, ?3)",
            params![certificate.0, name, certificate.1.0],
        )?;
        Ok(step.commit()?)
    }

    /// Returns the node that a certificate stands for, if it holds.
    pub fn node_of(&self, certificate: &[u8; 32], now: Time) -> Result<Option<String>, Error> {
        let sql = "SELECT node FROM node_certificate WHERE fingerprint = ?1 AND until > ?2";
        let connection = self.lock();
        let mut find = connection.prepare_cached(sql)?;
        Ok(find.query_row(params![certificate, now.0], |row| row.get(0)).optional()?)
    }

    /// Notes that something came from a node.
    pub fn node_seen(&self, name: &str, agent: &str, now: Time) -> Result<(), Error> {
        let sql = "UPDATE node SET seen = ?2, agent = ?3
            WHERE name = ?1 AND (seen IS NULL OR seen < ?2 OR agent IS NOT ?3)";
        self.lock().prepare_cached(sql)?.execute(params![name, now.minute().0, agent])?;
        Ok(())
    }

    /// Revokes a node: nothing that it holds works any more. Tells whether it was known.
    pub fn revoke_node(&self, name: &str, now: Time) -> Result<bool, Error> {
        let mut connection = self.lock();
        let step = connection.transaction()?;
        step.execute("DELETE FROM node_certificate WHERE node = ?1", [name])?;
        step.execute("DELETE FROM node_invitation WHERE node = ?1", [name])?;
        let sql = "UPDATE node SET revoked = coalesce(revoked, ?2) WHERE name = ?1";
        let known = step.execute(sql, params![name, now.0])? > 0;
        step.commit()?;
        Ok(known)
    }

    /// Lists nodes by name.
    pub fn nodes(&self) -> Result<Vec<Node>, Error> {
        let connection = self.lock();
        let mut read =
            connection.prepare_cached(&format!("SELECT {COLUMNS} FROM node ORDER BY name"))?;
        let nodes = read.query_map([], node)?.collect::<Result<_, _>>()?;
        Ok(nodes)
    }
}

fn node(row: &Row<'_>) -> rusqlite::Result<Node> {
    let time = |column| row.get::<_, Option<i64>>(column).map(|time| time.map(Time));
    Ok(Node {
        name: row.get(0)?,
        created: Time(row.get(1)?),
        created_by: row.get(2)?,
        invited_until: time(3)?,
        joined: time(4)?,
        revoked: time(5)?,
        seen: time(6)?,
        agent: row.get(7)?,
        certificate_until: time(8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_800_000_000_000_000_000);

    fn later(seconds: i64) -> Time {
        NOW.plus(seconds * Time::SECOND)
    }

    fn private() -> (tempfile::TempDir, Private) {
        let dir = tempfile::tempdir().unwrap();
        let private = Private::open(&dir.path().join("private.db")).unwrap();
        (dir, private)
    }

    #[test]
    fn an_invitation_works_once_and_not_for_ever() {
        let (_dir, private) = private();
        let invite = |now| private.invite_node("n1", later(60), "ada", now).unwrap().unwrap();
        let replaced = invite(NOW);
        let secret = invite(NOW);
        let used = |secret: &Secret, now| private.use_invitation(secret.reveal(), now).unwrap();
        assert_eq!(used(&replaced, later(1)), None);
        assert_eq!(used(&secret, later(1)).as_deref(), Some("n1"));
        assert_eq!(used(&secret, later(2)), None);
        assert_eq!(used(&invite(NOW), later(60)), None);
    }

    #[test]
    fn only_certificates_that_hold_stand_for_a_node() {
        let (_dir, private) = private();
        private.invite_node("n1", later(60), "ada", NOW).unwrap();
        let of = |certificate: u8, now| private.node_of(&[certificate; 32], now).unwrap();
        private.node_joined("n1", "0.1.0", (&[1; 32], later(100)), NOW).unwrap();
        assert_eq!(of(1, later(99)).as_deref(), Some("n1"));
        assert_eq!(of(1, later(100)), None, "it has ended");
        private.node_renewed("n1", &[1; 32], (&[2; 32], later(200))).unwrap();
        assert!(of(1, NOW).is_some() && of(2, NOW).is_some());
        private.node_renewed("n1", &[2; 32], (&[3; 32], later(300))).unwrap();
        assert!(of(1, NOW).is_none() && of(2, NOW).is_some() && of(3, NOW).is_some());
        private.node_joined("n1", "0.1.0", (&[4; 32], later(100)), NOW).unwrap();
        assert!(of(3, NOW).is_none() && of(4, NOW).is_some());
        assert!(private.revoke_node("n1", later(5)).unwrap());
        assert!(!private.revoke_node("n2", later(5)).unwrap());
        assert_eq!(of(4, NOW), None);
        let nodes = private.nodes().unwrap();
        assert_eq!(
            (nodes.len(), nodes[0].revoked, nodes[0].joined),
            (1, Some(later(5)), Some(NOW))
        );
    }
}
