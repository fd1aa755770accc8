using System.Net.Sockets;
using Azure;
using Azure.Identity;
using Grpc.Core;
using Nanodet.Serverless.Functions.Orchestration;
using Nanodet.Serverless.Pipeline;

namespace Nanodet.Serverless.Functions.Tests.Orchestration;

/// <summary>What is no message's fault, as the clients of storage and of the durable engine throw it.</summary>
public sealed class PassingFaultTests
{
    public static TheoryData<string, bool> Faults => new()
    {
        { "storage", true },
        { "identity", true },
        { "tries", true },
        { "timeout", true },
        { "connection", true },
        { "engine", true },
        { "request", false },
        { "message", false },
        { "code", false },
        { "mixed", false },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Is_EachKind_SaysWhetherAnotherTryMayHelp(string kind, bool expected) =>
        Assert.Equal(expected, PassingFault.Is(Make(kind), CancellationToken.None));

    [Fact]
    public void Is_WhatWasCancelled_IsNoFault() =>
        Assert.False(PassingFault.Is(new TaskCanceledException(), new CancellationToken(canceled: true)));

    private static Exception Make(string kind) => kind switch
    {
        "storage" => new RequestFailedException(503, "busy"),
        "identity" => new AuthenticationFailedException("no token"),
        "tries" => new AggregateException(new RequestFailedException("no answer"), new TaskCanceledException()),
        "timeout" => new TaskCanceledException(),
        "connection" => new IOException("cut", new SocketException()),
        "engine" => new RpcException(new Status(StatusCode.Unavailable, "away")),
        "request" => new RpcException(new Status(StatusCode.InvalidArgument, "too large")),
        "message" => new PipelineException(PipelineErrorCodes.InvalidMessage, "no batch"),
        "mixed" => new AggregateException(new RequestFailedException(503, "busy"), new InvalidOperationException()),
        _ => new InvalidOperationException(),
    };
}
