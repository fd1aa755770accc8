using Nanodet.Detection.Images;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.TestKit;

namespace Nanodet.Serverless.Pipeline.Tests.Writing;

public sealed class PoisonFilesTests(AzuriteFixture fixture)
{
    [Fact]
    public async Task Run_TwentyPoisonFilesAmongImages_FailWithTheirCodesAndSpareTheOthers()
    {
        await using var app = await TestApp.CreateReadyAsync(
            fixture,
            new Dictionary<string, string?>
            {
                ["Nanodet:Detector:Limits:MaxBytes"] = "65536",
                ["Nanodet:Detector:Limits:MaxPixels"] = "1000000",
            });
        var jpeg = TestImages.Encoded(".jpg");
        var png = TestImages.Encoded(".png");
        var damaged = png.ToArray();
        damaged.AsSpan(damaged.Length / 2, 8).Fill(0xFF);
        (string Name, byte[] Content, string Code)[] poison =
        [
            ("empty-1.jpg", [], ImageErrorCodes.Empty),
            ("empty-2.png", [], ImageErrorCodes.Empty),
            ("text-1.jpg", "not an image at all"u8.ToArray(), ImageErrorCodes.NotAnImage),
            ("text-2.txt", "hello"u8.ToArray(), ImageErrorCodes.NotAnImage),
            ("html.jpg", "<html><body>404</body></html>"u8.ToArray(), ImageErrorCodes.NotAnImage),
            ("pdf.png", "%PDF-1.7 and more"u8.ToArray(), ImageErrorCodes.NotAnImage),
            ("cut-1.jpg", jpeg[..(jpeg.Length / 2)], ImageErrorCodes.Truncated),
            ("cut-2.jpg", jpeg[..40], ImageErrorCodes.Truncated),
            ("cut-3.png", png[..(png.Length / 2)], ImageErrorCodes.Truncated),
            ("cut-4.png", png[..^6], ImageErrorCodes.Truncated),
            ("large-1.png", new byte[70_000], ImageErrorCodes.TooLarge),
            ("large-2.jpg", [.. jpeg, .. new byte[70_000]], ImageErrorCodes.TooLarge),
            ("bomb-1.png", TestImages.PngClaiming(30_000, 30_000), ImageErrorCodes.TooManyPixels),
            ("bomb-2.png", TestImages.PngClaiming(100_000, 1), ImageErrorCodes.TooManyPixels),
            ("damaged-1.png", damaged, ImageErrorCodes.Undecodable),
            ("damaged-2.png", TestImages.PngClaiming(50, 50), ImageErrorCodes.Undecodable),
        ];
        var messages = new List<(ImageMessage Message, string Code)>();
        foreach (var (name, content, code) in poison)
        {
            messages.Add((await app.UploadAsync(name, content), code));
        }

        for (var i = 0; i < 2; i++)
        {
            messages.Add((await app.UploadAsync($"gone-{i}.png"), FailureCodes.BlobNotFound));
            await app.Images.GetBlobClient($"gone-{i}.png").DeleteAsync(cancellationToken: TestContext.Current.CancellationToken);
            messages.Add((await app.UploadAsync($"changed-{i}.png"), FailureCodes.BlobChanged));
            await app.UploadAsync($"changed-{i}.png");
        }

        Assert.Equal(20, messages.Count);
        Assert.Equal(8, messages.Select(message => message.Code).Distinct().Count());
        var good = new List<ImageMessage>();
        for (var i = 0; i < 12; i++)
        {
            good.Add(await app.UploadAsync($"good-{i}.png"));
        }

        var counts = await app.RunAsync(messages.Select(message => message.Message).Concat(good));

        Assert.Equal(new BatchCounts(12, 20, 0), counts);
        foreach (var (message, code) in messages)
        {
            var result = await app.ReadAsync(message.Name);
            Assert.Equal((message.Name, code), (message.Name, result!.Error?.Code));
        }

        foreach (var image in good)
        {
            Assert.Equal(DetectionStatus.Detected, (await app.ReadAsync(image.Name))!.Status);
        }

        // Every one of them is permanent: again, nothing is computed; only what has no identity is looked at once more.
        var images = app.Model.Status.Images;
        var again = await app.RunAsync(messages.Select(message => message.Message).Concat(good).Select(image => image with { Stamp = "again" }));
        Assert.Equal(new BatchCounts(0, 4, 28), again);
        Assert.Equal(images, app.Model.Status.Images);
    }

    [Fact]
    public async Task Documentation_EveryCode_IsExplained()
    {
        var text = await File.ReadAllTextAsync(
            Path.Combine(AppContext.BaseDirectory, "docs", "results.md"), TestContext.Current.CancellationToken);
        Assert.All(ImageErrorCodes.All.Concat(FailureCodes.All), code => Assert.Contains($"| `{code}` |", text));
    }
}
