export { ERROR_TABLE, type ErrorCode, type ErrorEntry, type ErrorKind } from './core/error-codes';
export { BatonError, type BatonErrorDetails, type Problem, type TokenFault } from './core/errors';
