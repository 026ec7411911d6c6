export { currentContext, currentUser } from './context/storage';
export { withBaton, type FunctionHandler, type FunctionOptions } from './function/with-baton';
