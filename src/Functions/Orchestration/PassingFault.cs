using Grpc.Core;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Functions.Orchestration;

/// <summary>What is the fault of no message: storage, its identity, the network or the durable engine.</summary>
internal static class PassingFault
{
    /// <summary>Whether an exception says so; what is cancelled is no fault.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="cancellationToken">The caller's.</param>
    public static bool Is(Exception exception, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested
        && exception switch
        {
            RpcException failure => failure.StatusCode != StatusCode.InvalidArgument,
            AggregateException many => many.InnerExceptions.Count > 0 && many.InnerExceptions.All(inner => Is(inner, cancellationToken)),
            _ => StorageFailure.Is(exception, cancellationToken),
        };
}
