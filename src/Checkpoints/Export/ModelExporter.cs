using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using Google.Protobuf;
using Nanodet.Checkpoints.Architectures;
using Nanodet.Checkpoints.Architectures.Heads;
using Nanodet.Checkpoints.Graph;
using Nanodet.Checkpoints.Optimization;
using Nanodet.Checkpoints.StateDicts;
using Nanodet.Configs;
using Onnx;

namespace Nanodet.Checkpoints.Export;

/// <summary>
/// Makes an ONNX model from a complete NanoDet checkpoint and its training config: bytes in, bytes out. No file is read and nothing is
/// downloaded; what the checkpoint lacks is an error. Safe to call from any number of threads.
/// </summary>
/// <example>
/// <code>
/// var model = ModelExporter.Export(
///     File.ReadAllBytes("nanodet_model_best.pth"), File.ReadAllBytes("nanodet-plus-m_416.yml"), "nanodet-plus-m_416");
/// File.WriteAllBytes("nanodet-plus-m_416.onnx", model.Onnx);
/// </code>
/// </example>
public static class ModelExporter
{
    /// <summary>Exports a model.</summary>
    /// <param name="checkpoint">The whole checkpoint file.</param>
    /// <param name="config">The whole config file, UTF-8.</param>
    /// <param name="name">Name of the model, by custom the config's file name without its ending; not blank.</param>
    /// <param name="plain">True to keep one node for each layer of the official code, which is slower; false to optimise the graph.</param>
    /// <returns>The model and its account. The same inputs give the same bytes.</returns>
    /// <exception cref="CheckpointException">The checkpoint is not complete, or the inputs do not make a model.</exception>
    public static ExportedModel Export(byte[] checkpoint, byte[] config, string name, bool plain = false)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);

        // The config first: it is small, and a wrong one is the commoner mistake.
        var settings = NanodetConfigReader.Read(config);
        var network = new DetectorNetwork(settings);
        var stateDict = StateDictReader.Read(checkpoint);
        var weights = new WeightBinder(stateDict);
        var plainModel = network.Build(weights);
        weights.RequireComplete();
        var model = plain ? plainModel : GraphOptimizer.Optimize(plainModel, network.InputHeight, network.InputWidth);

        var checkpointSha256 = Convert.ToHexStringLower(SHA256.HashData(checkpoint));
        var configSha256 = Convert.ToHexStringLower(SHA256.HashData(config));
        WriteMetadata(plainModel, network.Head, settings, name, checkpointSha256, configSha256);
        WriteMetadata(model, network.Head, settings, name, checkpointSha256, configSha256);
        return new ExportedModel
        {
            Onnx = model.ToByteArray(),
            PlainOnnx = plainModel.ToByteArray(),
            Name = name,
            CheckpointSha256 = checkpointSha256,
            ConfigSha256 = configSha256,
            Form = stateDict.Form,
            Tensors = weights.Declared.Count,
            Parameters = weights.Declared
                .Where(pair => IsLearned(pair.Key))
                .Sum(pair => pair.Value.Aggregate(1L, (product, dimension) => product * dimension)),
            IgnoredTensors = stateDict.Tensors.Keys.Count(tensor => !weights.Declared.ContainsKey(tensor)),
            Classes = settings.Classes,
            InputWidth = network.InputWidth,
            InputHeight = network.InputHeight,
            OutputShape = [1, network.Points, network.Columns],
            Operators = new SortedDictionary<string, int>(
                model.Graph.Node.CountBy(node => node.OpType).ToDictionary(), StringComparer.Ordinal),
            Notes = [.. settings.Notes, .. ForeignTensors(stateDict)],
        };
    }

    private static bool IsLearned(string name) =>
        !name.EndsWith(".running_mean", StringComparison.Ordinal) && !name.EndsWith(".running_var", StringComparison.Ordinal);

    private static IEnumerable<string> ForeignTensors(StateDict stateDict)
    {
        var foreign = stateDict.Tensors.Keys
            .Where(name => !StateDict.IsInference(name) && !StateDict.IsAuxiliary(name))
            .Order(StringComparer.Ordinal)
            .ToList();
        return foreign.Count == 0
            ? []
            : [
                $"{foreign.Count} tensors outside backbone, fpn, head and the auxiliary branch were left out: "
                + $"{string.Join(", ", foreign.Take(5))}.",
            ];
    }

    private static void WriteMetadata(
        ModelProto model, Head head, NanodetConfig config, string name, string checkpointSha256, string configSha256)
    {
        var version = typeof(ModelExporter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
            .InformationalVersion.Split('+')[0];
        (string Key, string Value)[] entries =
        [
            ("name", name),
            ("head", head.Kind.ToString().ToLowerInvariant()),
            ("classes", JsonSerializer.Serialize(config.Classes, MetadataJsonContext.Default.IReadOnlyListString)),
            ("strides", JsonSerializer.Serialize(head.Strides, MetadataJsonContext.Default.IReadOnlyListInt32)),
            ("regMax", head.RegMax.ToString(CultureInfo.InvariantCulture)),
            ("inputWidth", config.InputWidth.ToString(CultureInfo.InvariantCulture)),
            ("inputHeight", config.InputHeight.ToString(CultureInfo.InvariantCulture)),
            ("keepRatio", config.KeepRatio ? "true" : "false"),
            ("mean", JsonSerializer.Serialize(config.Mean, MetadataJsonContext.Default.IReadOnlyListDouble)),
            ("std", JsonSerializer.Serialize(config.Std, MetadataJsonContext.Default.IReadOnlyListDouble)),
            ("colorOrder", "BGR"),
            ("activation", head.Kind == HeadKind.Raw ? "none" : "sigmoid"),
            ("checkpointSha256", checkpointSha256),
            ("configSha256", configSha256),
            ("exporter", $"Nanodet.Serverless {version}"),
        ];
        foreach (var (key, value) in entries)
        {
            OnnxMetadata.Set(model, $"nanodet.{key}", value);
        }
    }
}
