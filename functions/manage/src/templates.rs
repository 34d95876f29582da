//! Text templates: a practice's own words, the built-in ones, and the variables of both.

use domain::access::Scope;
use domain::language::Language;
use domain::text_template::{
    EmailWording, MessageWording, TemplateChannel, TemplateId, TextTemplate,
};
use http::StatusCode;
use pages::{EmailTemplate, MessageTemplate, TemplateError, VariableEntry, variables};
use serde_json::{Value, json};
use store::StoreError;
use web::{FieldError, Problem, Request, Response};

use crate::{Answer, Deps, Failure};

/// Every template there can be, own or built-in, and the variables with examples in the practice's language.
pub(crate) async fn list(deps: &Deps, request: &Request) -> Answer {
    let practice = &request.caller(Scope::Read)?.practice;
    let (own, settings) = futures::try_join!(
        deps.store.text_templates(practice, None),
        deps.store.settings(practice),
    )?;
    let language = settings.ok_or(StoreError::Unreadable("settings"))?.language;
    let items: Vec<Value> = TemplateId::all()
        .map(|id| {
            let own = own.iter().find(|(its_id, _)| *its_id == id);
            shown(id, own.map(|(_, template)| template))
        })
        .collect();
    let variables: Vec<Value> = variables(language).iter().map(variable).collect();
    Ok(Response::json(
        StatusCode::OK,
        &json!({"items": items, "variables": variables}),
    ))
}

/// One template, own or built-in.
pub(crate) async fn get(deps: &Deps, request: &Request) -> Answer {
    let practice = &request.caller(Scope::Read)?.practice;
    let id = template_id(request)?;
    let own = deps.store.text_template(practice, id).await?;
    Ok(Response::json(StatusCode::OK, &shown(id, own.as_ref())))
}

/// Keeps a practice's own template, if it can be rendered and keeps D2, D9 and D11.
pub(crate) async fn put(deps: &Deps, request: &Request) -> Answer {
    let caller = request.caller(Scope::Settings)?;
    let practice = &caller.practice;
    let id = template_id(request)?;
    let template = match id.channel {
        TemplateChannel::Email => TextTemplate::Email(checked_email(request.json()?)?),
        TemplateChannel::Message => TextTemplate::Message(checked_message(&request.json()?)?),
    };
    deps.store
        .put_text_template(practice, id, &template, &deps.op(caller)?)
        .await?;
    Ok(Response::json(StatusCode::OK, &shown(id, Some(&template))))
}

/// Deletes a practice's own template, so that the built-in one holds again.
pub(crate) async fn delete(deps: &Deps, request: &Request) -> Answer {
    let caller = request.caller(Scope::Settings)?;
    let practice = &caller.practice;
    let id = template_id(request)?;
    let existed = deps
        .store
        .delete_text_template(practice, id, &deps.op(caller)?)
        .await?;
    if existed {
        Ok(Response::no_content())
    } else {
        Err(Problem::not_found().into())
    }
}

fn template_id(request: &Request) -> Result<TemplateId, Failure> {
    let [kind, channel, language] =
        ["kind", "channel", "language"].map(|name| request.parameter(name));
    TemplateId::from_names(kind, channel, language).ok_or_else(|| Problem::not_found().into())
}

fn checked_email(wording: EmailWording) -> Result<EmailWording, Problem> {
    let EmailWording {
        subject,
        body,
        standard_additional_text,
    } = wording;
    let template = EmailTemplate::parse(&subject, &body, standard_additional_text)
        .map_err(|error| invalid(&error))?;
    Ok(email_wording(&template))
}

fn checked_message(wording: &MessageWording) -> Result<MessageWording, Problem> {
    let template = MessageTemplate::parse(&wording.body).map_err(|error| invalid(&error))?;
    Ok(message_wording(&template))
}

fn email_wording(template: &EmailTemplate) -> EmailWording {
    EmailWording {
        subject: template.subject().to_owned(),
        body: template.body().to_owned(),
        standard_additional_text: template.standard_additional_text().clone(),
    }
}

fn message_wording(template: &MessageTemplate) -> MessageWording {
    MessageWording {
        body: template.body().to_owned(),
    }
}

fn invalid(error: &TemplateError) -> Problem {
    let pointer = error.place.pointer();
    Problem::new(
        "template-invalid",
        422,
        "The text template cannot be used.",
        format!("Nothing was changed. {error}"),
    )
    .with("line", json!(error.line))
    .with("column", json!(error.column))
    .with("reason", json!(error.reason.name()))
    .at(vec![FieldError::new(pointer, &error.to_string())])
}

fn shown(id: TemplateId, own: Option<&TextTemplate>) -> Value {
    let mut shown = own.map_or_else(
        || json!(built_in(id.channel, id.language)),
        |own| json!(own),
    );
    shown["kind"] = json!(id.kind);
    shown["language"] = json!(id.language);
    shown["origin"] = json!(if own.is_some() {
        "practice"
    } else {
        "built_in"
    });
    shown
}

fn built_in(channel: TemplateChannel, language: Language) -> TextTemplate {
    match channel {
        TemplateChannel::Email => {
            TextTemplate::Email(email_wording(&EmailTemplate::built_in(language)))
        }
        TemplateChannel::Message => {
            TextTemplate::Message(message_wording(&MessageTemplate::built_in(language)))
        }
    }
}

fn variable(entry: &VariableEntry) -> Value {
    let places: Vec<&str> = entry.places.iter().map(|place| place.name()).collect();
    json!({
        "name": entry.variable.name(),
        "text": entry.variable.to_string(),
        "description": entry.description,
        "example": entry.example,
        "may_be_empty": entry.may_be_empty,
        "places": places,
    })
}
