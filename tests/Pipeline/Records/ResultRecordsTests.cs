using Microsoft.Extensions.Logging.Abstractions;
using Nanodet.Detection.Detectors;
using Nanodet.Detection.Images;
using Nanodet.Detection.Results;
using Nanodet.Serverless.Pipeline.Batches;
using Nanodet.Serverless.Pipeline.Messages;
using Nanodet.Serverless.Pipeline.Records;
using Nanodet.Serverless.Pipeline.Tests.Storage;

namespace Nanodet.Serverless.Pipeline.Tests.Records;

public sealed class ResultRecordsTests(AzuriteFixture fixture)
{
    /// <summary>More requests than a write has: the last rounds interrupt after its end.</summary>
    private const int MostRequests = 8;

    private static readonly string[] OldRecords =
    [
        "detected", ImageErrorCodes.Empty, FailureCodes.BlobChanged, FailureCodes.BlobNotFound, FailureCodes.Poison,
        FailureCodes.InferenceFailed, FailureCodes.WorkerCrashed,
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, bool> Races
    {
        get
        {
            var races = new TheoryData<string, string, bool>();
            foreach (var late in OldRecords)
            {
                foreach (var present in new[] { "detected", ImageErrorCodes.Empty, FailureCodes.Poison, FailureCodes.WorkerCrashed })
                {
                    races.Add(late, present, true);
                    races.Add(late, present, false);
                }
            }

            return races;
        }
    }

    /// <summary>
    /// Whenever the blob is overwritten and the new content gets its record while a record of the old content is being written: the new
    /// one is there in the end. With and without an even older record at the beginning.
    /// </summary>
    [Theory]
    [MemberData(nameof(Races))]
    public async Task Write_OverwrittenAtAnyMoment_NewContentKeepsItsRecord(string late, string present, bool hasOldest)
    {
        await using var app = await TestApp.CreateAsync(fixture);
        for (var index = 0; index <= MostRequests; index++)
        {
            var name = $"{index}.png";
            if (hasOldest)
            {
                await app.Get<ResultRecords>().WriteAsync(Record(await app.UploadAsync(name), FailureCodes.Poison), Token);
            }

            var old = await app.UploadAsync(name);
            ImageMessage? written = null;
            async Task OverwriteAsync()
            {
                written = await app.UploadAsync(name);
                await app.Get<ResultRecords>().WriteAsync(Record(written, present), Token);
            }

            using var storage = new InterruptedStorage(index, OverwriteAsync);
            var records = new ResultRecords(storage.ClientsOf(app), NullLogger<ResultRecords>.Instance);
            await records.WriteAsync(Record(old, late), Token);
            if (written is null)
            {
                Assert.True(storage.Requests <= index);
                await OverwriteAsync();
            }

            var record = await app.ReadAsync(name);
            Assert.Equal((index, written!.Etag, present), (index, record!.Image.Etag, record.Error?.Code ?? DetectionStatusConverter.Text(record.Status)));

            // And however often the old one comes again.
            await app.Get<ResultRecords>().WriteAsync(Record(old, late), Token);
            Assert.Equal(written.Etag, (await app.ReadAsync(name))!.Image.Etag);
        }
    }

    [Theory]
    [InlineData("detected", FailureCodes.Poison, "detected")]
    [InlineData("detected", FailureCodes.WorkerCrashed, "detected")]
    [InlineData("detected", FailureCodes.BlobArchived, "detected")]
    [InlineData("detected", FailureCodes.BlobNotFound, "detected")]
    [InlineData("detected", ImageErrorCodes.Empty, ImageErrorCodes.Empty)]
    [InlineData(ImageErrorCodes.Empty, "detected", "detected")]
    [InlineData(ImageErrorCodes.Empty, FailureCodes.Poison, ImageErrorCodes.Empty)]
    [InlineData(ImageErrorCodes.Empty, FailureCodes.WorkerCrashed, ImageErrorCodes.Empty)]
    [InlineData(FailureCodes.WorkerCrashed, FailureCodes.Poison, FailureCodes.WorkerCrashed)]
    [InlineData(FailureCodes.WorkerCrashed, FailureCodes.WorkerCrashed, FailureCodes.WorkerCrashed)]
    [InlineData(FailureCodes.WorkerCrashed, "detected", "detected")]
    [InlineData(FailureCodes.Poison, FailureCodes.WorkerCrashed, FailureCodes.WorkerCrashed)]
    [InlineData(FailureCodes.Poison, FailureCodes.BlobArchived, FailureCodes.BlobArchived)]
    [InlineData(FailureCodes.BlobChanged, FailureCodes.Poison, FailureCodes.Poison)]
    public async Task Write_SameContent_FollowsTheRules(string first, string second, string expected)
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var image = await app.UploadAsync("a.png");
        await app.Get<ResultRecords>().WriteAsync(Record(image, first), Token);
        await app.Get<ResultRecords>().WriteAsync(Record(image, second), Token);
        var record = await app.ReadAsync("a.png");
        Assert.Equal(expected, record!.Error?.Code ?? DetectionStatusConverter.Text(record.Status));
    }

    [Theory]
    [InlineData("detected", FailureCodes.BlobNotFound, "detected")]
    [InlineData(FailureCodes.Poison, FailureCodes.BlobNotFound, FailureCodes.BlobNotFound)]
    [InlineData(ImageErrorCodes.Empty, FailureCodes.BlobNotFound, FailureCodes.BlobNotFound)]
    [InlineData(FailureCodes.BlobNotFound, "detected", "detected")]
    [InlineData(FailureCodes.BlobNotFound, FailureCodes.Poison, FailureCodes.BlobNotFound)]
    public async Task Write_OtherContentAndBlobGone_KeepsDetectionsAndSaysTheRest(string first, string second, string expected)
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var older = await app.UploadAsync("a.png");
        var newer = await app.UploadAsync("a.png");
        await app.Images.GetBlobClient("a.png").DeleteAsync(cancellationToken: Token);
        await app.Get<ResultRecords>().WriteAsync(Record(older, first), Token);
        await app.Get<ResultRecords>().WriteAsync(Record(newer, second), Token);
        var record = await app.ReadAsync("a.png");
        Assert.Equal(expected, record!.Error?.Code ?? DetectionStatusConverter.Text(record.Status));
    }

    /// <summary>Neither content is there any more: their times decide, and an unknown time replaces nothing.</summary>
    [Theory]
    [InlineData(false, 1, 2, "second")]
    [InlineData(false, 2, 1, "first")]
    [InlineData(false, 1, 1, "first")]
    [InlineData(false, null, 2, "first")]
    [InlineData(false, 1, null, "first")]
    [InlineData(true, 1, 2, "second")]
    [InlineData(true, 2, 1, "first")]
    [InlineData(true, null, null, "first")]
    public async Task Write_TwoContentsThatAreBothGone_LaterTimeStays(bool isDeleted, int? first, int? second, string expected)
    {
        await using var app = await TestApp.CreateAsync(fixture);
        var images = new Dictionary<string, ImageMessage>
        {
            ["first"] = await app.UploadAsync("a.png"),
            ["second"] = await app.UploadAsync("a.png"),
        };
        await app.UploadAsync("a.png");
        if (isDeleted)
        {
            await app.Images.GetBlobClient("a.png").DeleteAsync(cancellationToken: Token);
        }

        await app.Get<ResultRecords>().WriteAsync(Record(images["first"], "detected") with { Modified = Time(first) }, Token);
        await app.Get<ResultRecords>().WriteAsync(Record(images["second"], "detected") with { Modified = Time(second) }, Token);
        Assert.Equal(images[expected].Etag, (await app.ReadAsync("a.png"))!.Image.Etag);
    }

    [Fact]
    public async Task Write_ContentOverwrittenBetweenBatches_OneRecordAboutWhatIsThere()
    {
        await using var app = await TestApp.CreateReadyAsync(fixture);
        var old = await app.UploadAsync("a.png");
        var present = await app.UploadAsync("a.png", "no image"u8.ToArray());

        // The new content's failure comes first, the old content's batch late.
        await app.RunAsync(present);
        Assert.Equal(new BatchCounts(0, 1, 0), await app.RunAsync(old));
        var record = await app.ReadAsync("a.png");
        Assert.Equal((present.Etag, ImageErrorCodes.NotAnImage), (record!.Image.Etag, record.Error!.Code));

        // A content that is there gets its record whatever was there of the one before, a failure on the way included.
        await app.UploadAsync("a.png");
        await app.RunAsync(await app.UploadAsync("a.png"));
        var other = await app.UploadAsync("a.png");
        await app.RunAsync(other with { Options = new DetectionRequestOptions { Model = "other" } });
        record = await app.ReadAsync("a.png");
        Assert.Equal((other.Etag, FailureCodes.ModelNotServed), (record!.Image.Etag, record.Error!.Code));
    }

    private static DateTimeOffset? Time(int? second) =>
        second is { } value ? new DateTimeOffset(2026, 1, 31, 12, 0, value, TimeSpan.Zero) : null;

    /// <summary>A record as the app's parts make it; <c>detected</c>, or the code of a failure.</summary>
    private static StagedImage Record(ImageMessage image, string kind)
    {
        var reference = new ImageReference(image.Container, image.Name, image.Etag, image.Bytes!.Value);
        var failure = DetectionResult.CreateFailure(new DetectionError(kind, "A failure."), reference, DateTimeOffset.UnixEpoch);
        var isDetected = kind == "detected";
        return new StagedImage
        {
            Container = image.Container,
            Name = image.Name,
            Identity = isDetected || FailureCodes.IsOfContent(kind) ? $"{image.Etag}" : null,
            Result = isDetected
                ? failure with { Status = DetectionStatus.Detected, Error = null, Detections = [] }
                : failure,
        };
    }
}
