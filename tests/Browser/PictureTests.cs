using System.Globalization;
using System.Net;
using System.Text;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Nanodet.Detection.Images;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Nanodet.Serverless.Pipeline;
using Nanodet.Serverless.Pipeline.Reading;
using Nanodet.Serverless.Pipeline.Storage;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Browser.Tests;

/// <summary>Addresses of images by identity, and small pictures.</summary>
public sealed class PictureTests
{
    [Fact]
    public async Task Links_ByIdentity_AreSignedWithADelegationKeyThatIsAskedForOnce()
    {
        using var service = new DelegationService();
        using var client = new HttpClient(service);
        var links = Links(client);

        var first = await links.CreateAsync(null, "a b/#1 100%.jpg", etag: null, App.Cancellation);
        var second = await links.CreateAsync("images", "c.png", etag: null, App.Cancellation);

        Assert.Equal("acct.blob.core.windows.net", first.Url.Host);
        Assert.Equal("/images/a%20b/%231%20100%25.jpg", first.Url.AbsolutePath);
        string[] parts =
            ["skoid=object-id", "sktid=tenant-id", "sp=r&", "sr=b&", "spr=https&", "rscd=attachment", "rsct=image%2Fjpeg", "sig="];
        foreach (var part in parts)
        {
            Assert.Contains(part, first.Url.Query + "&", StringComparison.Ordinal);
        }

        Assert.InRange(first.ExpiresUtc - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10));
        Assert.Contains("rsct=image%2Fpng", second.Url.Query, StringComparison.Ordinal);
        Assert.Equal(1, service.Keys);
    }

    [Theory]
    [InlineData("jobs", "a.jpg")]
    [InlineData("images", "../jobs/x")]
    [InlineData("images", "")]
    public async Task Links_OfWhatIsNoImage_AreRefused(string container, string name)
    {
        using var service = new DelegationService();
        using var client = new HttpClient(service);

        await Assert.ThrowsAsync<PipelineException>(() => Links(client).CreateAsync(container, name, etag: null, App.Cancellation));
        Assert.Equal(0, service.Keys);
    }

    [Theory]
    [InlineData(".jpg")]
    [InlineData(".png")]
    public void Thumbnail_OfALargerImage_HasTheSideAndTheProportion(string ending)
    {
        var image = TestImages.Rectangle(800, 400, new Rect(10, 10, 100, 50), new Bgr(0, 0, 255), ending);

        var thumbnail = Thumbnail.Create(image, 256);

        Assert.Equal((800, 400), (thumbnail.ImageWidth, thumbnail.ImageHeight));
        var header = ImageHeader.Read(thumbnail.Jpeg.Span, new ImageLimits());
        Assert.Equal((ImageFormat.Jpeg, 256, 128), (header.Format, header.Width, header.Height));
    }

    [Fact]
    public void Thumbnail_OfASmallerImage_KeepsItsSize()
    {
        var header = ImageHeader.Read(Thumbnail.Create(TestImages.Encoded(".png"), 4096).Jpeg.Span, new ImageLimits());
        var original = ImageHeader.Read(TestImages.Encoded(".png"), new ImageLimits());

        Assert.Equal((original.Width, original.Height), (header.Width, header.Height));
    }

    private static ImageLinks Links(HttpClient client)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([KeyValuePair.Create("AzureWebJobsStorage:accountName", (string?)"acct")]).Build();
        var names = Options.Create(new StorageOptions());
        var clients = new StorageClients(
            configuration,
            names,
            new FixedToken(),
            new BlobClientOptions { Transport = new HttpClientTransport(client) },
            new QueueClientOptions());
        return new ImageLinks(clients, names, TimeProvider.System);
    }

    private sealed class FixedToken : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new("token", TimeProvider.System.GetUtcNow().AddHours(1));

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            ValueTask.FromResult(GetToken(requestContext, cancellationToken));
    }

    /// <summary>Hands out a delegation key, and counts how often.</summary>
    private sealed class DelegationService : HttpMessageHandler
    {
        public int Keys { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Assert.Contains("comp=userdelegationkey", request.RequestUri!.Query, StringComparison.Ordinal);
            Keys++;
            var now = TimeProvider.System.GetUtcNow();
            string Time(TimeSpan from) => (now + from).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new StringContent(
                    "<?xml version=\"1.0\" encoding=\"utf-8\"?><UserDelegationKey><SignedOid>object-id</SignedOid>"
                    + $"<SignedTid>tenant-id</SignedTid><SignedStart>{Time(TimeSpan.Zero)}</SignedStart>"
                    + $"<SignedExpiry>{Time(TimeSpan.FromHours(2))}</SignedExpiry><SignedService>b</SignedService>"
                    + $"<SignedVersion>2024-11-04</SignedVersion><Value>{Convert.ToBase64String(new byte[32])}</Value></UserDelegationKey>",
                    Encoding.UTF8,
                    "application/xml"),
            });
        }
    }
}
