using System.Text;
using Nanodet.Detection.Evaluation;

namespace Nanodet.Serverless.Detection.Tests.Evaluation;

public class CocoDatasetTests
{
    private const string Sound = """
        { "info": {}, "licenses": [], "categories": [ {"id": 90, "name": "traffic light", "supercategory": "x"}, {"id": 3, "name": "dog"} ],
          "images": [ {"id": 7, "file_name": "b.jpg", "width": 1, "height": 1}, {"id": 2, "file_name": "a.jpg"} ],
          "annotations": [ {"id": 1, "image_id": 7, "category_id": 90, "bbox": [1, 2.5, 3, 4], "area": 9.5, "iscrowd": 1, "segmentation": {"counts": "abc"}},
                           {"id": 2, "image_id": 7, "category_id": 3, "bbox": [0, 0, 1, 1], "area": 1} ] }
        """;

    [Fact]
    public async Task ReadAsync_SoundFile_GivesImagesInOrderOfIds()
    {
        var dataset = await ReadAsync(Sound);
        Assert.Equal([2L, 7L], dataset.Images.Select(image => image.Id));
        Assert.Empty(dataset.Images[0].Truths);
        Assert.Equal(
            [new CocoTruth(90, new CocoBox(1, 2.5, 3, 4), 9.5, true), new CocoTruth(3, new CocoBox(0, 0, 1, 1), 1, false)],
            dataset.Images[1].Truths);
        Assert.Equal([3, 90], dataset.Categories.Select(category => category.Id));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{ "images": [], "annotations": [], "categories": [] }""")]
    [InlineData("""{ "images": [{"id": 1, "file_name": "a"}], "annotations": [{"id": 5, "image_id": 1, "category_id": 1, "bbox": [1, 2], "area": 1}], "categories": [{"id": 1, "name": "a"}] }""")]
    [InlineData("""{ "images": [{"id": 1}], "annotations": [], "categories": [{"id": 1, "name": "a"}] }""")]
    public async Task ReadAsync_SomethingElse_IsRefused(string json)
    {
        var refusal = await Assert.ThrowsAsync<EvaluationException>(() => ReadAsync(json));
        Assert.Equal("invalid_annotations", refusal.Code);
    }

    [Fact]
    public async Task MapClasses_NamesWithUnderscores_MapByName()
    {
        var mapping = (await ReadAsync(Sound)).MapClasses(["cat", "traffic_light", "Dog"]);

        Assert.Equal([-1, 90, 3], mapping.CategoryIds);
        Assert.Equal(["cat"], mapping.ClassesWithoutCategory);
        Assert.Empty(mapping.CategoriesWithoutClass);
    }

    [Fact]
    public async Task MapClasses_SomeNamesDiffer_ListsWhatHasNoPartner()
    {
        var mapping = (await ReadAsync(Sound)).MapClasses(["dog", "a", "b"]);

        Assert.Equal([3, -1, -1], mapping.CategoryIds);
        Assert.Equal(["a", "b"], mapping.ClassesWithoutCategory);
        Assert.Equal(["traffic light"], mapping.CategoriesWithoutClass);
    }

    [Fact]
    public async Task MapClasses_EquallyManyOtherNames_AreNotMatchedInSilence()
    {
        var dataset = await ReadAsync(Sound);
        var refusal = Assert.Throws<EvaluationException>(() => dataset.MapClasses(["hund", "ampel"]));

        Assert.Equal("categories_do_not_fit", refusal.Code);
        Assert.Contains("hund, ampel", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("dog, traffic light", refusal.Message, StringComparison.Ordinal);
        Assert.Equal([3, 90], dataset.MapClasses(["hund", "ampel"], ClassMatching.ByOrder).CategoryIds);
    }

    [Fact]
    public async Task MapClasses_ByOrderWithOtherCounts_IsRefused()
    {
        var dataset = await ReadAsync(Sound);
        var refusal = Assert.Throws<EvaluationException>(() => dataset.MapClasses(["dog", "a", "b"], ClassMatching.ByOrder));

        Assert.Equal("categories_do_not_fit", refusal.Code);
        Assert.Contains("(3), found 2", refusal.Message, StringComparison.Ordinal);
    }

    private static Task<CocoDataset> ReadAsync(string json) =>
        CocoDataset.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(json)), TestContext.Current.CancellationToken);
}
