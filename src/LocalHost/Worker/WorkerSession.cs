using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Nanodet.Serverless.LocalHost.Rpc;

namespace Nanodet.Serverless.LocalHost.Worker;

/// <summary>The protocol's side of one worker: one stream, the handshake over it, and the invocations.</summary>
internal sealed class WorkerSession(WorkerDescription description, ILoggerFactory loggerFactory)
{
    private const string HostVersion = "4.1040.0";

    private readonly Channel<StreamingMessage> _outgoing = Channel.CreateUnbounded<StreamingMessage>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> _pending = new();
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Exception? _failure;

    public string WorkerId { get; } = Guid.NewGuid().ToString();

    public IReadOnlyList<RpcFunctionMetadata> Functions { get; private set; } = [];

    /// <summary>The address of the worker's own web server, when the app uses the ASP.NET Core integration.</summary>
    public string? HttpAddress { get; private set; }

    /// <summary>Reads and writes the stream until one side ends it.</summary>
    public async Task RunAsync(
        IAsyncStreamReader<StreamingMessage> input, IAsyncStreamWriter<StreamingMessage> output, CancellationToken cancellationToken)
    {
        _connected.TrySetResult();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writing = WriteAsync(output, ended.Token);
        try
        {
            await foreach (var message in input.ReadAllAsync(ended.Token))
            {
                Receive(message);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The worker is gone; its process says how.
        }
        finally
        {
            await ended.CancelAsync();
            await writing;
        }
    }

    /// <summary>Waits for the stream, learns the worker's functions and loads each.</summary>
    /// <exception cref="FunctionHostException">The worker refused a step.</exception>
    public async Task HandshakeAsync(CancellationToken cancellationToken)
    {
        await _connected.Task.WaitAsync(cancellationToken);
        var init = await AskAsync(
            new StreamingMessage
            {
                WorkerInitRequest = new WorkerInitRequest
                {
                    HostVersion = HostVersion,
                    WorkerDirectory = description.AppDirectory,
                    FunctionAppDirectory = description.AppDirectory,
                },
            },
            cancellationToken);
        Require(init.WorkerInitResponse.Result, "initialisation");
        HttpAddress = init.WorkerInitResponse.Capabilities.GetValueOrDefault("HttpUri");

        var metadata = await AskAsync(
            new StreamingMessage
            {
                FunctionsMetadataRequest = new FunctionsMetadataRequest { FunctionAppDirectory = description.AppDirectory },
            },
            cancellationToken);
        Require(metadata.FunctionMetadataResponse.Result, "listing its functions");
        Functions = [.. metadata.FunctionMetadataResponse.FunctionMetadataResults];

        foreach (var function in Functions)
        {
            var load = new FunctionLoadRequest { FunctionId = function.FunctionId, Metadata = function };
            var loaded = await AskAsync(new StreamingMessage { FunctionLoadRequest = load }, cancellationToken);
            Require(loaded.FunctionLoadResponse.Result, $"loading function '{function.Name}'");
        }
    }

    /// <summary>Runs a function in the worker; cancellation is passed on, and the worker's answer is awaited all the same.</summary>
    /// <exception cref="FunctionFailedException">The function threw.</exception>
    /// <exception cref="WorkerProcessExitException">The worker ended first.</exception>
    public async Task<InvocationResponse> InvokeAsync(InvocationRequest request, CancellationToken cancellationToken)
    {
        var answer = Send(request.InvocationId, new StreamingMessage { InvocationRequest = request });
        using var cancel = cancellationToken.Register(() => _outgoing.Writer.TryWrite(new StreamingMessage
        {
            InvocationCancel = new InvocationCancel { InvocationId = request.InvocationId },
        }));
        var response = (await answer).InvocationResponse;
        return response.Result.Status switch
        {
            StatusResult.Types.Status.Success => response,
            StatusResult.Types.Status.Cancelled => throw new OperationCanceledException("The function was cancelled.", cancellationToken),
            _ => throw new FunctionFailedException(response.Result),
        };
    }

    public void Terminate(TimeSpan grace) => _outgoing.Writer.TryWrite(new StreamingMessage
    {
        WorkerTerminate = new WorkerTerminate { GracePeriod = Duration.FromTimeSpan(grace) },
    });

    /// <summary>Fails what waits for the worker, and what will ask it from now on.</summary>
    public void Fail(Exception exception)
    {
        _failure = exception;
        _connected.TrySetException(exception);
        foreach (var waiting in _pending.Values)
        {
            waiting.TrySetException(exception);
        }

        _outgoing.Writer.TryComplete();
    }

    private Task<StreamingMessage> AskAsync(StreamingMessage message, CancellationToken cancellationToken) =>
        Send(Guid.NewGuid().ToString(), message).WaitAsync(cancellationToken);

    private Task<StreamingMessage> Send(string requestId, StreamingMessage message)
    {
        var answer = new TaskCompletionSource<StreamingMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        message.RequestId = requestId;
        _pending[requestId] = answer;
        _outgoing.Writer.TryWrite(message);
        if (_failure is { } known)
        {
            answer.TrySetException(known);
        }

        return answer.Task;
    }

    private async Task WriteAsync(IAsyncStreamWriter<StreamingMessage> output, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var message in _outgoing.Reader.ReadAllAsync(cancellationToken))
            {
                await output.WriteAsync(message, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or InvalidOperationException)
        {
            // The stream ended; pending answers are failed when the process is seen to end.
        }
    }

    private void Receive(StreamingMessage message)
    {
        if (message.RpcLog is { } log)
        {
            Forward(log);
            return;
        }

        var key = message.InvocationResponse?.InvocationId ?? message.RequestId;
        if (_pending.TryRemove(key, out var answer))
        {
            answer.TrySetResult(message);
        }
    }

    private void Forward(RpcLog log)
    {
        if (log.LogCategory == RpcLog.Types.RpcLogCategory.CustomMetric)
        {
            return;
        }

        var logger = loggerFactory.CreateLogger(string.IsNullOrEmpty(log.Category) ? "Worker" : log.Category);
        var text = log.Exception is { } exception ? $"{log.Message}\n{exception.Message}\n{exception.StackTrace}" : log.Message;
        Log.WorkerMessage(logger, (LogLevel)(int)log.Level, text);
    }

    private static void Require(StatusResult result, string step)
    {
        if (result.Status != StatusResult.Types.Status.Success)
        {
            var reason = result.Exception?.Message ?? result.Result;
            throw new FunctionHostException("worker_start_failed", $"The worker failed at {step}: {reason}");
        }
    }
}
