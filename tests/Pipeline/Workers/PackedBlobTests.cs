using System.IO.Compression;
using Azure.Storage.Blobs.Models;
using Nanodet.Detection.Images;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Storage;

namespace Nanodet.Serverless.Pipeline.Tests.Workers;

/// <summary>Blobs that were stored packed with gzip, and say so in their headers, as browsers and copying tools store them.</summary>
public sealed class PackedBlobTests(AzuriteFixture fixture)
{
    private const int MaxBytes = 1 << 20;

    private static readonly Dictionary<string, string?> Settings = new() { ["Nanodet:Detector:Limits:MaxBytes"] = $"{MaxBytes}" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("gzip")]
    [InlineData(null)]
    public async Task Process_PackedImage_IsDetectedAsTheImageItself(string? encoding)
    {
        await using var app = await TestApp.CreateReadyAsync(fixture, Settings);
        var plain = await app.UploadAsync("plain.png");
        var packed = await UploadAsync(app, "packed.png", Pack(TestModel.Image), encoding);

        Assert.Equal(new BatchCounts(2, 0, 0), await app.RunAsync([plain, packed]));

        var result = await app.ReadAsync("packed.png");
        Assert.NotEmpty(result!.Detections!);
        Assert.Equal((await app.ReadAsync("plain.png"))!.Detections, result.Detections);
        Assert.Contains(result.Notes!, note => note.Code == ImageNoteCodes.GzipUnpacked);
        Assert.Equal(packed.Bytes, result.Image.Bytes);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData(null)]
    public async Task Process_Bomb_IsRefusedByName(string? encoding)
    {
        const int Unpacked = 512 << 20;
        await using var app = await TestApp.CreateReadyAsync(fixture, Settings);
        var good = await app.UploadAsync("good.png");
        var bomb = await UploadAsync(app, "bomb.png", Pack(new byte[Unpacked]), encoding);
        Assert.InRange(bomb.Bytes!.Value, 1, MaxBytes);

        // That nothing is unpacked beyond the limit, the tests of the detector measure.
        Assert.Equal(new BatchCounts(1, 1, 0), await app.RunAsync([good, bomb]));
        var result = await app.ReadAsync("bomb.png");
        Assert.Equal((DetectionStatus.Failed, ImageErrorCodes.TooLarge), (result!.Status, result.Error!.Code));
        Assert.Contains("gzip", result.Error.Message, StringComparison.Ordinal);
    }

    private static async Task<ImageMessage> UploadAsync(TestApp app, string name, byte[] content, string? encoding)
    {
        BlobContentInfo info = await app.Images.GetBlobClient(name).UploadAsync(
            BinaryData.FromBytes(content),
            new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = "image/png", ContentEncoding = encoding } },
            Token);
        return new ImageMessage
        {
            Container = app.Images.Name,
            Name = name,
            Etag = BlobNames.Etag(info.ETag.ToString()),
            Bytes = content.Length,
        };
    }

    private static byte[] Pack(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(content);
        }

        return packed.ToArray();
    }
}
