using Grpc.Core;
using Nanodet.Serverless.LocalHost.Rpc;

namespace Nanodet.Serverless.LocalHost.Worker;

/// <summary>Receives the one stream that each worker opens and hands it to the session that waits for it.</summary>
internal sealed class FunctionRpcService(RpcServer server) : FunctionRpc.FunctionRpcBase
{
    public override async Task EventStream(
        IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context)
    {
        if (!await requestStream.MoveNext(context.CancellationToken)
            || requestStream.Current.StartStream is not { } start
            || server.Find(start.WorkerId) is not { } session)
        {
            throw new Grpc.Core.RpcException(new Status(StatusCode.PermissionDenied, "No worker of this name is expected."));
        }

        await session.RunAsync(requestStream, responseStream, context.CancellationToken);
    }
}
