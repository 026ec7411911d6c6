/**
 * Names the file descriptor that ties a node process to the server which started it. iisnode has a job object for that:
 * when the worker process dies, node dies. Here it is a pipe that ends when the other side is gone, however it went.
 * The variable is taken out of the environment before the app loads.
 */
export const LIFELINE_VARIABLE = 'BATON_LIFELINE_FD';
