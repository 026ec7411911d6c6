import { CORRELATION_LOG_FIELDS, USER_LOG_FIELD, type W3cCustomField } from '../../iis/w3c-log';

/** The custom fields of the local site's log: those that a real one should have, and the one that it may have. */
export const CUSTOM_LOG_FIELDS: readonly W3cCustomField[] = [...CORRELATION_LOG_FIELDS, USER_LOG_FIELD];
