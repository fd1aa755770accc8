using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.TestKit.Azurite;

namespace Nanodet.Serverless.Integration.Tests.Storage;

/// <summary>No key anywhere: Azurite over HTTPS takes bearer tokens, whose claims it checks.</summary>
public sealed class IdentityTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Clients_WithIdentity_WriteAndReadWithoutAKey()
    {
        using var folder = new TemporaryFolder();
        using var certificate = CreateCertificate(folder.Path);
        await using var azurite = await AzuriteProcess.StartAsync(
            Token,
            "--oauth", "basic", "--cert", Path.Combine(folder.Path, "cert.pem"), "--key", Path.Combine(folder.Path, "key.pem"));
        var clients = Create(azurite, certificate, "https://storage.azure.com");
        Assert.Equal("https", clients.Blobs.Uri.Scheme);
        await clients.Staging.CreateAsync(cancellationToken: Token);
        await clients.Queues.GetQueueClient("images").CreateAsync(cancellationToken: Token);

        var image = new ImageMessage { Container = "images", Name = "a.png" };
        var lists = new BatchLists(clients);
        var batch = await lists.WriteAsync(BatchFormer.Form([image], 1)[0], Token);
        Assert.Equal([image], await lists.ReadAsync(batch, Token));
        await new MessageQueues(clients, Options.Create(new StorageOptions())).SendImageAsync(image, Token);

        var refused = Create(azurite, certificate, "https://other.example");
        var exception = await Assert.ThrowsAsync<RequestFailedException>(() => new BatchLists(refused).ReadAsync(batch, Token));
        Assert.Equal(403, exception.Status);
    }

    private static StorageClients Create(AzuriteProcess azurite, X509Certificate2 certificate, string audience)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["AzureWebJobsStorage:blobServiceUri"] = azurite.BlobService.ToString(),
                ["AzureWebJobsStorage:queueServiceUri"] = azurite.QueueService.ToString(),
            })
            .Build();
        var transport = new HttpClientTransport(new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown?.Thumbprint == certificate.Thumbprint,
        });
        return new StorageClients(
            configuration,
            Options.Create(new StorageOptions()),
            new FakeCredential(audience),
            new BlobClientOptions { Transport = transport },
            new QueueClientOptions { Transport = transport });
    }

    private static X509Certificate2 CreateCertificate(string folder)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(Path.Combine(folder, "cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        return certificate;
    }

    private sealed class FakeCredential(string audience) : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            var now = TimeProvider.System.GetUtcNow();
            var tenant = Guid.NewGuid();
            var claims = new Dictionary<string, object>
            {
                ["aud"] = audience,
                ["iss"] = $"https://sts.windows.net/{tenant}/",
                ["nbf"] = now.AddMinutes(-5).ToUnixTimeSeconds(),
                ["iat"] = now.AddMinutes(-5).ToUnixTimeSeconds(),
                ["exp"] = now.AddMinutes(30).ToUnixTimeSeconds(),
                ["oid"] = Guid.NewGuid(),
                ["tid"] = tenant,
            };
            return new AccessToken($"{Part(new { alg = "none", typ = "JWT" })}.{Part(claims)}.{Encode("none"u8)}", now.AddMinutes(30));
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            ValueTask.FromResult(GetToken(requestContext, cancellationToken));

        private static string Part(object value) => Encode(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(value)));

        private static string Encode(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
    }
}
