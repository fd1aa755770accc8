using System.Text.Json;
using Nanodet.Checkpoints.StateDicts;
using Nanodet.Checkpoints.Torch;

namespace Nanodet.Serverless.Checkpoints.Tests.Torch;

/// <summary>Files that PyTorch itself wrote; <c>Fixtures/make_fixtures.py</c> says how.</summary>
public class GenuineFileTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Fixtures");

    [Theory]
    [InlineData("types")]
    [InlineData("views")]
    [InlineData("parameters")]
    [InlineData("module")]
    [InlineData("protocol4")]
    public void ReadRoot_FileOfPyTorch_GivesItsNamesTypesShapesAndValues(string name)
    {
        using var archive = TorchArchive.Open(File.ReadAllBytes(Path.Combine(Folder, $"{name}.pth")));

        AssertTensors(name, archive.ReadRoot());
    }

    private static void AssertTensors(string name, object? value)
    {
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "expected.json")));
        var root = Assert.IsType<PickledDictionary>(value);
        var tensors = Assert.IsType<PickledDictionary>(root["state_dict"]);
        var entries = expected.RootElement.GetProperty($"{name}.pth").EnumerateObject().ToList();
        Assert.Equal(entries.Select(entry => entry.Name).Order(), tensors.Keys.Order());
        Assert.All(entries, entry =>
        {
            var tensor = Assert.IsType<TorchTensor>(tensors[entry.Name]);
            Assert.Equal(entry.Value.GetProperty("type").GetString(), tensor.Type.ToString().ToLowerInvariant());
            Assert.Equal(entry.Value.GetProperty("shape").EnumerateArray().Select(value => value.GetInt64()), tensor.Shape);
            Assert.Equal(entry.Value.GetProperty("values").EnumerateArray().Select(value => value.GetSingle()), tensor.ToFloat32());
        });
    }

    [Theory]
    [InlineData("legacy")]
    [InlineData("legacy_trainer")]
    public void ReadRoot_FileFromBeforeTheZipFormat_GivesItsNamesTypesShapesAndValues(string name) =>
        AssertTensors(name, LegacyTorchFile.ReadRoot(File.ReadAllBytes(Path.Combine(Folder, $"{name}.pth"))));

    [Fact]
    public void Read_LegacyTrainerFile_GivesTheStateDictAndSaysSo()
    {
        var stateDict = StateDictReader.Read(File.ReadAllBytes(Path.Combine(Folder, "legacy_trainer.pth")));

        Assert.Equal(new CheckpointForm(Averaged: false, Prefix: "", Trainer: true, Bare: false), stateDict.Form);
        Assert.Equal([8.75f, 9.25f, 9.75f, 10.25f], stateDict.Tensors["head.bias"].ToFloat32());
    }

    [Theory]
    [InlineData("module")]
    [InlineData("protocol4")]
    public void Read_StateDictOfAModule_GivesItsTensorsAndNoMetadata(string name)
    {
        var stateDict = StateDictReader.Read(File.ReadAllBytes(Path.Combine(Folder, $"{name}.pth")));

        Assert.Equal(new CheckpointForm(Averaged: false, Prefix: "", Trainer: false, Bare: false), stateDict.Form);
        Assert.Equal(
            [
                "backbone.0.weight", "backbone.1.bias", "backbone.1.num_batches_tracked", "backbone.1.running_mean", "backbone.1.running_var",
                "backbone.1.weight", "backbone.2.weight", "fpn.bias", "fpn.weight", "head.bias", "head.weight",
            ],
            stateDict.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([8.75f, 9.25f, 9.75f, 10.25f], stateDict.Tensors["head.bias"].ToFloat32());
    }
}
