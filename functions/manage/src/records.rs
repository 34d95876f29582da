//! Records and record types.

use deliveries::{Unavailable, deliveries_to_changed_addresses, erase_record};
use domain::access::Scope;
use domain::id::{RecordId, RecordTypeId};
use domain::practice::RecordType;
use domain::record::{Record, l7_changed_addresses};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use store::Page;
use web::{FieldError, Problem, Request, Response};

use crate::{Answer, Deps, Failure};

/// A page of record types, by id.
pub(crate) async fn list_types(deps: &Deps, request: &Request) -> Answer {
    let practice = &request.caller(Scope::Read)?.practice;
    let (limit, cursor) = request.paging()?;
    let page = deps.store.record_types(practice, limit, cursor).await?;
    Ok(list_answer(&page))
}

/// One record type.
pub(crate) async fn get_type(deps: &Deps, request: &Request) -> Answer {
    let practice = &request.caller(Scope::Read)?.practice;
    let id: RecordTypeId = request.id("id")?;
    let found = deps
        .store
        .record_type(practice, &id)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(Response::json(
        StatusCode::OK,
        &with_id(id.as_str(), &found),
    ))
}

/// Makes or replaces a record type.
pub(crate) async fn put_type(deps: &Deps, request: &Request) -> Answer {
    let caller = request.caller(Scope::Settings)?;
    let practice = &caller.practice;
    let id: RecordTypeId = chosen_id(request)?;
    let record_type: RecordType = request.json()?;
    deps.store
        .put_record_type(practice, &id, &record_type, &deps.op(caller)?)
        .await?;
    Ok(Response::json(
        StatusCode::OK,
        &with_id(id.as_str(), &record_type),
    ))
}

/// Deletes a record type; records that still name it have no defaults of a type any more.
pub(crate) async fn delete_type(deps: &Deps, request: &Request) -> Answer {
    let caller = request.caller(Scope::Settings)?;
    let practice = &caller.practice;
    let id: RecordTypeId = request.id("id")?;
    let existed = deps
        .store
        .delete_record_type(practice, &id, &deps.op(caller)?)
        .await?;
    if existed {
        Ok(Response::no_content())
    } else {
        Err(Problem::not_found().into())
    }
}

/// A page of records, by id.
pub(crate) async fn list(deps: &Deps, request: &Request) -> Answer {
    let practice = &request.caller(Scope::Read)?.practice;
    let (limit, cursor) = request.paging()?;
    let page = deps.store.records(practice, limit, cursor).await?;
    Ok(list_answer(&page))
}

/// One record.
pub(crate) async fn get(deps: &Deps, request: &Request) -> Answer {
    let practice = &request.caller(Scope::Read)?.practice;
    let id: RecordId = request.id("id")?;
    let found = deps
        .store
        .record(practice, &id)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(Response::json(
        StatusCode::OK,
        &with_id(id.as_str(), &found),
    ))
}

/// Makes or replaces a record; what it points to must be there. Answers which open deliveries went to an address that is not there any more.
pub(crate) async fn put(deps: &Deps, request: &Request) -> Answer {
    let caller = request.caller(Scope::Send)?;
    let practice = &caller.practice;
    let id: RecordId = chosen_id(request)?;
    let record: Record = request.json()?;
    let mut errors = Vec::new();
    if deps
        .store
        .record_type(practice, &record.record_type)
        .await?
        .is_none()
    {
        errors.push(FieldError::new(
            "/record_type",
            "expected a record type that exists; make it with PUT /v1/record-types/{id}",
        ));
    }
    for (position, recipient) in record.recipients.iter().enumerate() {
        let Some(linked) = &recipient.linked_record else {
            continue;
        };
        if *linked == id || deps.store.record(practice, linked).await?.is_none() {
            let pointer = format!("/recipients/{position}/linked_record");
            errors.push(FieldError::new(
                &pointer,
                "expected another record that exists",
            ));
        }
    }
    if !errors.is_empty() {
        return Err(Problem::invalid_body(errors).into());
    }
    let earlier = deps.store.record(practice, &id).await?;
    deps.store
        .put_record(practice, &id, &record, &deps.op(caller)?)
        .await?;
    let elsewhere = match earlier {
        Some(earlier) => {
            let changed = l7_changed_addresses(&earlier, &record);
            let lookup = deps.lookup.get().await.map_err(Unavailable::from)?;
            deliveries_to_changed_addresses(
                &deps.store,
                lookup,
                practice,
                &id,
                &changed,
                deps.clock.now(),
            )
            .await?
        }
        None => Vec::new(),
    };
    let mut body = with_id(id.as_str(), &record);
    body["deliveries_to_changed_addresses"] = json!(elsewhere);
    Ok(Response::json(StatusCode::OK, &body))
}

/// Erases a record: deliveries closed, documents and recipients gone.
pub(crate) async fn delete(deps: &Deps, request: &Request) -> Answer {
    let caller = request.caller(Scope::Erase)?;
    let practice = &caller.practice;
    let id: RecordId = request.id("id")?;
    let existed = erase_record(
        &deps.store,
        &deps.documents,
        practice,
        &id,
        &deps.op(caller)?,
    )
    .await?;
    if existed {
        Ok(Response::no_content())
    } else {
        Err(Problem::not_found().into())
    }
}

/// An id that the practice chooses with this very request.
pub(crate) fn chosen_id<T: std::str::FromStr<Err = &'static str>>(
    request: &Request,
) -> Result<T, Failure> {
    let id = request.parameter("id").parse();
    id.map_err(|expected| {
        Problem::new(
            "invalid-id",
            400,
            "This id cannot be used.",
            format!("In the path: {expected}."),
        )
        .into()
    })
}

fn list_answer<T: Serialize>(page: &Page<T>) -> Response {
    let items: Vec<Value> = page
        .items
        .iter()
        .map(|(id, item)| with_id(id, item))
        .collect();
    Response::json(
        StatusCode::OK,
        &json!({"items": items, "next_cursor": page.next}),
    )
}

fn with_id(id: &str, item: &impl Serialize) -> Value {
    let mut body = json!(item);
    body["id"] = json!(id);
    body
}
