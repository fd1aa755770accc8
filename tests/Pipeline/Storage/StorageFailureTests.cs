using System.Net;
using Azure;
using Azure.Core.Pipeline;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Tests.Storage;

public sealed class StorageFailureTests
{
    [Theory]
    [InlineData(403, "AuthorizationPermissionMismatch", "Storage Blob Data Contributor")]
    [InlineData(403, "AuthorizationPermissionMismatch", "Storage Queue Data Contributor")]
    [InlineData(403, "KeyBasedAuthenticationNotPermitted", "__accountName")]
    [InlineData(403, "AuthorizationFailure", "network rules")]
    [InlineData(401, "InvalidAuthenticationInfo", "audience https://storage.azure.com")]
    [InlineData(403, "AuthenticationFailed", "not expired")]
    public void Explain_Refusal_SaysWhatMendsIt(int status, string code, string advice)
    {
        var text = StorageFailure.Explain(new RequestFailedException(status, "This request is refused.\nTime: now", code, null));

        Assert.StartsWith($"Storage answered {status} {code}: This request is refused. ", text, StringComparison.Ordinal);
        Assert.Contains(advice, text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', text!);
    }

    [Fact]
    public void Explain_OtherFailures_SaysWhatIsKnown()
    {
        Assert.Equal(
            "Storage answered 503 ServerBusy: busy",
            StorageFailure.Explain(new RequestFailedException(503, "busy", "ServerBusy", null)));
        Assert.Equal("Storage cannot be reached: no host", StorageFailure.Explain(new RequestFailedException("no host")));
        Assert.Contains("az login", StorageFailure.Explain(new CredentialUnavailableException("nothing")), StringComparison.Ordinal);
        Assert.Contains("managed identity", StorageFailure.Explain(new AuthenticationFailedException("no")), StringComparison.Ordinal);
        Assert.Null(StorageFailure.Explain(new InvalidOperationException("no")));
    }

    [Fact]
    public void Is_WhatClientsThrow_TellsFailuresFromCancellations()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Exception[] failures =
        [
            new RequestFailedException(503, "busy"),
            new AuthenticationFailedException("no"),
            new AggregateException("Retry failed after 2 tries.", new RequestFailedException("reset"), FaultyStorage.Timeout()),
            new HttpIOException(HttpRequestError.ResponseEnded),
            new IOException("reset", new System.Net.Sockets.SocketException()),
        ];
        Assert.All(failures, failure => Assert.True(StorageFailure.Is(failure, cancelled.Token)));

        // A timeout of the SDK is a failure, unless the caller's own token is cancelled.
        var timeout = FaultyStorage.Timeout();
        Assert.True(StorageFailure.Is(timeout, CancellationToken.None));
        Assert.False(StorageFailure.IsCancellation(timeout, CancellationToken.None));
        Assert.False(StorageFailure.Is(timeout, cancelled.Token));
        Assert.True(StorageFailure.IsCancellation(timeout, cancelled.Token));

        // A disk and a mistake are not storage.
        Assert.False(StorageFailure.Is(new IOException("No space left on device"), CancellationToken.None));
        Assert.False(StorageFailure.Is(new AggregateException(new InvalidOperationException("no")), CancellationToken.None));
        Assert.False(StorageFailure.IsCancellation(new InvalidOperationException("no"), cancelled.Token));
    }

    [Fact]
    public async Task Probe_IdentityWithoutRoles_NamesTheMissingRoleOfEachCheck()
    {
        var checks = await ProbeAsync(new Refusing(HttpStatusCode.Forbidden, "AuthorizationPermissionMismatch"));

        Assert.Equal(11, checks.Count);
        Assert.All(checks, check => Assert.False(check.Passed));
        Assert.Equal(
            [(StorageFailure.BlobRole, 7), (StorageFailure.QueueRole, 4)],
            checks.GroupBy(check => check.MissingRole).Select(group => (group.Key!, group.Count())));
    }

    [Fact]
    public async Task Probe_StorageThatCannotBeReached_EndsWithTheFirstCheck()
    {
        var check = Assert.Single(await ProbeAsync(new Refusing(null, "no route to host")));

        Assert.Equal((null, false), (check.MissingRole, check.Passed));
        Assert.StartsWith("Storage cannot be reached", check.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probe_StorageThatDoesNotAnswerInTime_EndsWithTheFirstCheck()
    {
        using var storage = new FaultyStorage { Find = _ => FaultyStorage.Timeout() };
        var check = Assert.Single(await ProbeAsync(storage));

        Assert.False(check.Passed);
        Assert.Contains("exceeded the configured timeout", check.Problem, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<StorageCheck>> ProbeAsync(HttpMessageHandler network)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("AzureWebJobsStorage:accountName", "nobody")])
            .Build();
        var options = Options.Create(new StorageOptions());
        var transport = new HttpClientTransport(network);
        var clients = new StorageClients(
            configuration,
            options,
            FakeCredential.Good,
            new BlobClientOptions { Transport = transport },
            new QueueClientOptions { Transport = transport });
        return await new StorageProbe(clients, options).RunAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Storage as it answers an identity without rights, or a network without it.</summary>
    private sealed class Refusing(HttpStatusCode? status, string code) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (status is not { } answer)
            {
                throw new HttpRequestException(code);
            }

            var response = new HttpResponseMessage(answer) { RequestMessage = request, Content = new ByteArrayContent([]) };
            response.Headers.Add("x-ms-error-code", code);
            return Task.FromResult(response);
        }
    }
}
