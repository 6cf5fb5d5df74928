import { tokenOwner } from './admin.ts'
import { type Attribute, type AttributeType, attributeTypes, type Model } from './attributes.ts'
import { builtInAttributes } from './built-in-attributes.ts'
import { ApiError, parameterInvalid } from './errors.ts'
import { type ApiRequest, field, isObject, parameter } from './request.ts'

export function list(request: ApiRequest) {
  const model = request.query.get('model')
  if (model === 'conversation' && request.version >= 216) {
    throw new ApiError(
      422,
      'parameter_invalid',
      'model=conversation is no longer supported. Use GET /conversations/attributes instead',
    )
  }
  const archivedToo = request.query.get('include_archived') === 'true'
  const custom = [...request.workspace.attributes.all()]
    .filter((attribute) => archivedToo || !attribute.archived)
    .map((attribute) => render(attribute, request.version))
  const data = [...builtInAttributes, ...custom]
  return {
    type: 'list',
    data: model === null ? data : data.filter((attribute) => attribute.model === model),
  }
}

export function create(request: ApiRequest) {
  const { body } = request
  const name = field(body, 'name', 'string')
  if (!name) throw parameterInvalid('name has to be given', 'name')
  const model = body.model
  if (model !== 'contact' && model !== 'company') {
    throw parameterInvalid('The Data Attribute model field must be either contact or company')
  }
  const asked = body.data_type
  const choices = body.options === undefined ? null : readOptions(body.options)
  // datetime is kept as date: both are unix seconds.
  const type = asked === 'options' ? 'string' : asked === 'datetime' ? 'date' : asked
  if (
    !attributeTypes.includes(type as AttributeType) ||
    (asked === 'options' && choices === null)
  ) {
    throw parameterInvalid("Data Type isn't an option")
  }
  const attribute = request.workspace.attributes.create({
    model: model as Model,
    name,
    type: type as AttributeType,
    options: choices,
    description: field(body, 'description', 'string') ?? null,
    messengerWritable: field(body, 'messenger_writable', 'boolean') ?? false,
  })
  return render(attribute, request.version)
}

export function update(request: ApiRequest) {
  const { body, workspace } = request
  const attribute = workspace.attributes.byId(Number(parameter(request, 0)))
  if (attribute === undefined) {
    throw new ApiError(404, 'field_not_found', "We couldn't find that data attribute to update")
  }
  const description = field(body, 'description', 'string')
  if (body.archived === true && attribute.dependent) {
    throw new ApiError(
      422,
      'data_invalid',
      'The Data Attribute you are trying to archive has a dependant object',
    )
  }
  const changed = workspace.attributes.change(attribute, {
    archived: field(body, 'archived', 'boolean') ?? attribute.archived,
    description: description === undefined ? attribute.description : description,
    messengerWritable: field(body, 'messenger_writable', 'boolean') ?? attribute.messengerWritable,
    options: body.options === undefined ? attribute.options : readOptions(body.options),
  })
  return render(changed, request.version)
}

function readOptions(options: unknown): string[] {
  if (!Array.isArray(options)) throw parameterInvalid("Options isn't an array")
  const values = options.map((option: unknown) => (isObject(option) ? option.value : undefined))
  if (!values.every((value): value is string => typeof value === 'string')) {
    throw parameterInvalid('Each option has to have a value, a string', 'options')
  }
  if (values.length < 2) throw parameterInvalid('There have to be two options at least', 'options')
  return values
}

/** From 2.14 a list is answered as `data_type: "options"` with `options: [{value}]`, before as strings. */
function render(attribute: Attribute, version: number) {
  const { options } = attribute
  const isNew = version >= 214
  return {
    type: 'data_attribute',
    id: attribute.id,
    name: attribute.name,
    full_name: `custom_attributes.${attribute.name}`,
    label: attribute.name,
    ...(attribute.description !== null && { description: attribute.description }),
    data_type: options !== null && isNew ? 'options' : attribute.type,
    ...(options !== null && { options: isNew ? options.map((value) => ({ value })) : options }),
    api_writable: true,
    ui_writable: false,
    messenger_writable: attribute.messengerWritable,
    custom: true,
    archived: attribute.archived,
    admin_id: tokenOwner.id,
    created_at: attribute.createdAt,
    updated_at: attribute.updatedAt,
    model: attribute.model,
  }
}
