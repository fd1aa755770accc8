using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Tests.Storage;

/// <summary>Azurite over HTTPS with a certificate of its own; it takes bearer tokens, whose claims it checks.</summary>
internal sealed class OAuthAzurite : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly X509Certificate2 _certificate;
    private readonly AzuriteProcess _azurite;

    private OAuthAzurite(TemporaryFolder folder, X509Certificate2 certificate, AzuriteProcess azurite)
    {
        _folder = folder;
        _certificate = certificate;
        _azurite = azurite;
    }

    /// <summary>Settings of an app that reaches it by identity: no connection string, no key.</summary>
    public Dictionary<string, string?> Settings => new()
    {
        ["AzureWebJobsStorage"] = null,
        ["AzureWebJobsStorage:blobServiceUri"] = _azurite.BlobService.ToString(),
        ["AzureWebJobsStorage:queueServiceUri"] = _azurite.QueueService.ToString(),
    };

    public static async Task<OAuthAzurite> StartAsync()
    {
        var folder = new TemporaryFolder();
        var certificate = CreateCertificate(folder.Path);
        var azurite = await AzuriteProcess.StartAsync(
            TestContext.Current.CancellationToken,
            "--oauth", "basic", "--cert", Path.Combine(folder.Path, "cert.pem"), "--key", Path.Combine(folder.Path, "key.pem"));
        return new OAuthAzurite(folder, certificate, azurite);
    }

    /// <summary>Makes an app's clients those of an identity.</summary>
    public Action<IServiceCollection> With(FakeCredential credential) => services => services.AddSingleton(provider => new StorageClients(
        provider.GetRequiredService<IConfiguration>(),
        provider.GetRequiredService<IOptions<StorageOptions>>(),
        credential,
        new BlobClientOptions { Transport = CreateTransport() },
        new QueueClientOptions { Transport = CreateTransport() }));

    public async ValueTask DisposeAsync()
    {
        await _azurite.DisposeAsync();
        _certificate.Dispose();
        _folder.Dispose();
    }

    private HttpClientTransport CreateTransport() => new(new HttpClientHandler
    {
        ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown?.Thumbprint == _certificate.Thumbprint,
    });

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
}
