//! API tokens: secrets for programs. `sockeye_<id>_<secret>`: found by id, compared by hash.

use event::Time;
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Error, Private, Secret};

/// What a token or session may do.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look at everything but tokens.
    Read,
    /// Deliver records.
    Intake,
    /// Decide about findings.
    Decide,
    /// Create and revoke tokens.
    Admin,
}

impl Scope {
    const ALL: [Scope; 4] = [Scope::Read, Scope::Intake, Scope::Decide, Scope::Admin];

    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Intake => "intake",
            Scope::Decide => "decide",
            Scope::Admin => "admin",
        }
    }
}

/// A token without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Public id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created: Time,
    /// Who made it.
    pub created_by: String,
    /// When it was last used, to the minute.
    pub last_used: Option<Time>,
}

/// A token just made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The token.
    pub token: Token,
    /// What its owner presents; kept nowhere.
    pub bearer: Secret,
}

const COLUMNS: &str = "id, name, scopes, created, created_by, last_used";

impl Private {
    /// Makes a token.
    pub fn make_token(
        &self,
        name: &str,
        scopes: &[Scope],
        made_by: &str,
        now: Time,
    ) -> Result<NewToken, Error> {
        let (id, secret) = (short_id(), Secret::random());
        let mut scopes = scopes.to_vec();
        scopes.sort_unstable();
        scopes.dedup();
        let names: Vec<_> = scopes.iter().map(|scope| scope.name()).collect();
        self.lock().execute(
            "INSERT INTO token (id, hash, name, scopes, created, created_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![id, secret.hash(), name, names.join(" "), now.0, made_by],
        )?;
        let bearer = Secret::presented(&format!("sockeye_{id}_{}", secret.reveal()));
        let token = Token {
            id,
            name: name.to_owned(),
            scopes,
            created: now,
            created_by: made_by.to_owned(),
            last_used: None,
        };
        Ok(NewToken { token, bearer })
    }

    /// Finds the token that a caller presents, and notes the minute of its use.
    pub fn token(&self, bearer: &str, now: Time) -> Result<Option<Token>, Error> {
        let parts = bearer.strip_prefix("sockeye_").and_then(|rest| rest.split_once('_'));
        let Some((id, secret)) = parts else { return Ok(None) };
        let connection = self.lock();
        let found = connection
            .prepare_cached(&format!("SELECT {COLUMNS}, hash FROM token WHERE id = ?1"))?
            .query_row([id], |row| Ok((token(row)?, row.get::<_, Vec<u8>>(6)?)))
            .optional()?;
        let Some((token, _)) = found.filter(|(_, kept)| Secret::presented(secret).matches(kept))
        else {
            return Ok(None);
        };
        let minute = now.minute();
        if token.last_used != Some(minute) {
            connection
                .execute("UPDATE token SET last_used = ?2 WHERE id = ?1", params![id, minute.0])?;
        }
        Ok(Some(token))
    }

    /// Lists tokens, oldest first.
    pub fn tokens(&self) -> Result<Vec<Token>, Error> {
        let connection = self.lock();
        let mut query =
            connection.prepare(&format!("SELECT {COLUMNS} FROM token ORDER BY created, id"))?;
        let tokens = query.query_map([], token)?.collect::<Result<_, _>>()?;
        Ok(tokens)
    }

    /// Revokes a token; returns it, if there was one.
    pub fn revoke_token(&self, id: &str) -> Result<Option<Token>, Error> {
        let connection = self.lock();
        let sql = format!("DELETE FROM token WHERE id = ?1 RETURNING {COLUMNS}");
        Ok(connection.query_row(&sql, [id], token).optional()?)
    }
}

fn token(row: &Row<'_>) -> rusqlite::Result<Token> {
    let scopes: String = row.get(2)?;
    let held = |scope: &Scope| scopes.split(' ').any(|name| name == scope.name());
    Ok(Token {
        id: row.get(0)?,
        name: row.get(1)?,
        scopes: Scope::ALL.into_iter().filter(held).collect(),
        created: Time(row.get(3)?),
        created_by: row.get(4)?,
        last_used: row.get::<_, Option<i64>>(5)?.map(Time),
    })
}

fn short_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()[..12].to_owned()
}
