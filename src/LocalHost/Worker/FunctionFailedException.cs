using Nanodet.Serverless.LocalHost.Rpc;

namespace Nanodet.Serverless.LocalHost.Worker;

/// <summary>
/// A function threw in the worker. The Durable extension reads type, message and stack of a failed activity out of the three
/// labelled lines of this message.
/// </summary>
internal sealed class FunctionFailedException(StatusResult result) : Exception(
    $"Result: {result.Status}\nException: {result.Exception?.Message ?? result.Result}\nStack: {result.Exception?.StackTrace}");
