using System.Text.Json;
using Nanodet.Detection.Evaluation;
using Nanodet.Detection.Postprocessing;
using Nanodet.Serverless.Exports.Filters;
using Nanodet.Serverless.Exports.Targets;
using Nanodet.Serverless.Exports.Writers;

namespace Nanodet.Serverless.Exports.Tests;

/// <summary>COCO's two documents, by the rules of the field: what pycocotools, CVAT and FiftyOne read.</summary>
public sealed class CocoTests
{
    [Fact]
    public async Task Coco_WithoutADataset_NumbersImagesAndSaysWhich()
    {
        var (summary, target) = await MemoryTarget.ExportAsync(ExportFormat.Coco, Results.Some);

        var list = JsonDocument.Parse(target.Files["coco.json"]).RootElement.EnumerateArray().ToList();
        var dataset = JsonDocument.Parse(target.Files["coco.dataset.json"]).RootElement;
        Assert.Equal([1, 1, 2], list.Select(element => element.GetProperty("image_id").GetInt32()));
        Assert.Equal([17, 1, 1], list.Select(element => element.GetProperty("category_id").GetInt32()));
        Assert.Equal([10.1f, 5.2f, 20.3f, 30.4f], list[2].GetProperty("bbox").EnumerateArray().Select(number => number.GetSingle()));
        Assert.All(list, element => Assert.Equal(
            ["bbox", "category_id", "image_id", "score"], element.EnumerateObject().Select(property => property.Name).Order()));
        Assert.Equal(
            [(1, Results.Plain), (2, Results.Comma), (3, Results.Empty)],
            dataset.GetProperty("images").EnumerateArray()
                .Select(image => (image.GetProperty("id").GetInt32(), image.GetProperty("file_name").GetString()!)));
        Assert.Equal(new Dictionary<LeftOutReason, long> { [LeftOutReason.Failed] = 1 }, summary.LeftOut);
        Assert.Equal(3, summary.Images);

        // The evaluation's own reader takes the data set, and knows each category by its class.
        var read = await CocoDataset.ReadAsync(new MemoryStream(target.Files["coco.dataset.json"]), TestContext.Current.CancellationToken);
        Assert.Equal([1, 17], read.MapClasses(["person", "dog"]).CategoryIds);
    }

    [Fact]
    public async Task Coco_WithADataset_TakesItsIdsByNameAndSaysWhatItLacks()
    {
        var dataset = new CocoDataset(
            [new CocoImage(70, "0001.jpg", []), new CocoImage(80, Results.Empty, [])],
            [new CocoCategory(18, "Dog"), new CocoCategory(90, "bus")]);

        var (summary, target) = await MemoryTarget.ExportAsync(
            ExportFormat.Coco, Results.Some, new ExportOptions { Dataset = dataset, FileName = "a.json" });

        var only = Assert.Single(JsonDocument.Parse(target.Files["a.json"]).RootElement.EnumerateArray());
        Assert.Equal((70, 18), (only.GetProperty("image_id").GetInt32(), only.GetProperty("category_id").GetInt32()));
        Assert.Equal(["a.json"], target.Files.Keys);
        Assert.Equal(2, summary.Images);

        // A name that is not there; a person; one failure.
        Assert.Equal(1, summary.LeftOut[LeftOutReason.NotInDataset]);
        Assert.Equal(1, summary.LeftOut[LeftOutReason.ClassNotInDataset]);
        Assert.Equal(1, summary.LeftOut[LeftOutReason.Failed]);
    }

    [Theory]
    [InlineData("1.jpg", "old/1.jpg 1.jpg", "1.jpg=0")]
    [InlineData("1.jpg", "old/1.jpg", "old/1.jpg=0")]
    [InlineData("val/1.jpg", "old/1.jpg", "old/1.jpg=0")]
    [InlineData("val/1.jpg", "data\\val\\1.jpg", "data\\val\\1.jpg=0")]
    [InlineData("1.jpg", "old/1.jpg new/1.jpg", "")]
    [InlineData("1.jpg", "old/1.jpg !1.jpg", "")]
    [InlineData("1.jpg", "1.jpg 1.jpg", "")]
    [InlineData("a/1.jpg b/1.jpg", "x/a/1.jpg x/b/1.jpg", "x/a/1.jpg=0 x/b/1.jpg=1")]
    [InlineData("a/1.jpg b/1.jpg", "a/1.jpg c/1.jpg", "a/1.jpg=0")]
    [InlineData("c/b/1.jpg", "x/1.jpg b/1.jpg", "b/1.jpg=0")]
    [InlineData("1.jpg 1.jpg", "1.jpg", "")]
    public async Task Coco_WithADataset_NamesDecideInAnyOrder(string files, string names, string expected)
    {
        // Each detection has its image's number as its score; a failure has a mark before its name.
        var dataset = new CocoDataset(
            [.. files.Split(' ').Select((file, id) => new CocoImage(id, file, [])), new CocoImage(99, "other.png", [])],
            [new CocoCategory(1, "dog")]);
        var given = names.Split(' ').Append("other.png").ToList();
        var results = given.Select((name, i) => name[0] == '!'
            ? Results.Failed(name[1..])
            : Results.Of(name, 10, 10, new DetectedObject(0, "dog", i / 16f, new(0, 0, 5, 5)))).ToList();
        foreach (var order in new[] { results, results.AsEnumerable().Reverse() })
        {
            var (summary, target) = await MemoryTarget.ExportAsync(ExportFormat.Coco, order, new ExportOptions { Dataset = dataset });

            Assert.Equal(
                $"{expected} other.png=99".Trim(),
                string.Join(' ', JsonDocument.Parse(target.Files["coco.json"]).RootElement.EnumerateArray()
                    .Select(found => (
                        Name: given[(int)(found.GetProperty("score").GetSingle() * 16)], Id: found.GetProperty("image_id").GetInt64()))
                    .OrderBy(pair => pair.Id).Select(pair => $"{pair.Name}={pair.Id}")));
            var taken = expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
            Assert.Equal((taken + 1, taken + 1), (summary.Images, summary.DetectionsByClass["dog"]));
            Assert.Equal(
                results.Count - taken - 1 - names.Count(letter => letter == '!'),
                summary.LeftOut.GetValueOrDefault(LeftOutReason.NameAmbiguous));
        }
    }

    [Theory]
    [InlineData("elsewhere.jpg")]
    [InlineData("1.jpg 1.jpg")]
    public async Task Coco_OfAnotherDataset_FailsAndLeavesTheFileThatIsThere(string files)
    {
        var folder = Directory.CreateTempSubdirectory("nanodet-exports-");
        try
        {
            var file = Path.Combine(folder.FullName, "coco.json");
            await File.WriteAllTextAsync(file, "good", TestContext.Current.CancellationToken);
            var dataset = new CocoDataset(
                [.. files.Split(' ').Select((name, id) => new CocoImage(id, name, []))], [new CocoCategory(1, "dog")]);

            // A failure among them, and one that the filter leaves out, are none of its images either.
            var refusal = await Assert.ThrowsAsync<ExportException>(() => ExportWriters.WriteAsync(
                new[] { Results.Of("a/1.jpg", 4, 4), Results.Failed("b.jpg"), Results.Of("c.txt", 4, 4) }.ToAsyncEnumerable(),
                ExportFormat.Coco,
                new FolderTarget(folder),
                new ExportOptions { Dataset = dataset, Filter = new ExportFilter { Name = new NameGlob("**/*.jpg") } },
                TestContext.Current.CancellationToken));

            Assert.Equal("dataset_does_not_fit", refusal.Code);
            Assert.Equal("good", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
            Assert.Equal([file], folder.EnumerateFiles().Select(found => found.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task CocoDataset_FollowsTheFieldRules()
    {
        var (_, target) = await MemoryTarget.ExportAsync(
            ExportFormat.CocoDataset,
            Results.Some,
            new ExportOptions
            {
                FirstImageId = 101,
                FirstAnnotationId = 1001,
                ClassNames = ["person", .. Enumerable.Range(1, 15).Select(i => $"c{i}"), "dog"],
            });

        var root = JsonDocument.Parse(target.Files["instances.json"]).RootElement;
        var images = root.GetProperty("images").EnumerateArray().ToList();
        var annotations = root.GetProperty("annotations").EnumerateArray().ToList();
        var categories = root.GetProperty("categories").EnumerateArray().ToDictionary(
            category => category.GetProperty("id").GetInt32(), category => category.GetProperty("name").GetString());
        Assert.Equal([101L, 102, 103], images.Select(image => image.GetProperty("id").GetInt64()));
        Assert.All(images, image => Assert.True(image.GetProperty("width").GetInt32() > 0 && image.GetProperty("height").GetInt32() > 0));
        Assert.Equal([1001L, 1002, 1003], annotations.Select(annotation => annotation.GetProperty("id").GetInt64()));
        Assert.Equal(17, categories.Count);
        Assert.Equal(
            ["dog", "person", "person"],
            annotations.Select(annotation => categories[annotation.GetProperty("category_id").GetInt32()]));
        Assert.All(annotations, annotation =>
        {
            var box = annotation.GetProperty("bbox").EnumerateArray().Select(number => number.GetDouble()).ToArray();
            var image = images.Single(image => image.GetProperty("id").GetInt64() == annotation.GetProperty("image_id").GetInt64());
            Assert.Equal(4, box.Length);
            Assert.Equal(box[2] * box[3], annotation.GetProperty("area").GetDouble(), tolerance: 1e-2);
            Assert.InRange(box[0] + box[2], 0, image.GetProperty("width").GetInt32());
            Assert.Equal(0, annotation.GetProperty("iscrowd").GetInt32());
            Assert.Equal(JsonValueKind.Array, annotation.GetProperty("segmentation").ValueKind);
            Assert.Equal(JsonValueKind.Number, annotation.GetProperty("score").ValueKind);
        });
        var read = await CocoDataset.ReadAsync(new MemoryStream(target.Files["instances.json"]), TestContext.Current.CancellationToken);
        Assert.Equal([2, 1, 0], read.Images.Select(image => image.Truths.Count));
    }

    [Fact]
    public async Task Coco_IntoTheEvaluation_GivesTheNumbersOfTheDetectionsThemselves()
    {
        // Truths near the detections, one class missed, so that no number is 0 or 1.
        var random = new Random(7);
        CocoCategory[] categories = [new(3, "a"), new(9, "b")];
        List<CocoImage> images =
        [
            .. Enumerable.Range(0, 40).Select(i => new CocoImage(1000 + (3 * i), $"set/{i}.jpg", [.. Enumerable.Range(0, 6).Select(j =>
                new CocoTruth(categories[j % 2].Id, Box(j), 900, IsCrowd: false))])),
        ];
        var dataset = new CocoDataset(images, categories);
        var results = images.Select(image => Results.Of(image.FileName, 1000, 1000, [.. image.Truths.Select((truth, j) =>
            new DetectedObject(j % 2, j is 4 or 1 or 3 or 5 ? "b" : "a", random.NextSingle(), Near(truth.Box)))])).ToList();

        var direct = new CocoEvaluator();
        foreach (var (image, result) in images.Zip(results))
        {
            direct.Add(image.Truths, [.. result.Detections!.Select(detection => new CocoDetection(
                categories.Single(category => category.Name == detection.ClassName).Id,
                detection.Score,
                new CocoBox(detection.Box.X, detection.Box.Y, detection.Box.Width, detection.Box.Height)))]);
        }

        var (_, target) = await MemoryTarget.ExportAsync(ExportFormat.Coco, results, new ExportOptions { Dataset = dataset });
        var exported = JsonDocument.Parse(target.Files["coco.json"]).RootElement.EnumerateArray().ToLookup(
            element => element.GetProperty("image_id").GetInt64());
        var again = new CocoEvaluator();
        foreach (var image in images)
        {
            again.Add(image.Truths, [.. exported[image.Id].Select(element => new CocoDetection(
                element.GetProperty("category_id").GetInt32(),
                element.GetProperty("score").GetSingle(),
                Read(element.GetProperty("bbox"))))]);
        }

        Assert.Equal(direct.Summarize(), again.Summarize());
        Assert.InRange(direct.Summarize().Ap, 0.05, 0.95);

        static CocoBox Box(int j) => new(100 * j, 50, 60, 60);
        static CocoBox Read(JsonElement box) =>
            new(box[0].GetSingle(), box[1].GetSingle(), box[2].GetSingle(), box[3].GetSingle());

        BoundingBox Near(CocoBox box) => new(
            (float)box.X + (8 * random.NextSingle()), (float)box.Y + (8 * random.NextSingle()), (float)box.Width, (float)box.Height);
    }

    [Fact]
    public async Task Classes_OfSeveralModels_HaveANumberForEachName()
    {
        var (_, target) = await MemoryTarget.ExportAsync(ExportFormat.Coco, [
            Results.Of("a.jpg", 10, 10, new DetectedObject(2, "cat", 0.5f, default)),
            Results.Of("b.jpg", 10, 10, new DetectedObject(2, "dog", 0.5f, default), new DetectedObject(7, "cat", 0.5f, default)),
        ]);

        Assert.Equal(
            [3, 4, 3],
            JsonDocument.Parse(target.Files["coco.json"]).RootElement.EnumerateArray()
                .Select(element => element.GetProperty("category_id").GetInt32()));
        Assert.Equal(
            ["class-0", "class-1", "cat", "dog"],
            JsonDocument.Parse(target.Files["coco.dataset.json"]).RootElement.GetProperty("categories").EnumerateArray()
                .Select(category => category.GetProperty("name").GetString()));
    }
}
