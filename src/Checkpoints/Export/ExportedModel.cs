using Nanodet.Checkpoints.Graph;
using Nanodet.Checkpoints.StateDicts;

namespace Nanodet.Checkpoints.Export;

/// <summary>A model that was made from a checkpoint, with an account of what went into it.</summary>
public sealed record ExportedModel
{
    /// <summary>The ONNX file's bytes, without a parity fixture: that takes running the model.</summary>
    public required byte[] Onnx { get; init; }

    /// <summary>
    /// The same model with the graph that follows the official layers one by one: the optimised graph's twin, and equal to
    /// <see cref="Onnx"/> where the export was asked for a plain graph.
    /// </summary>
    public required byte[] PlainOnnx { get; init; }

    /// <summary>Name of the model.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the checkpoint, in lower-case hex digits.</summary>
    public required string CheckpointSha256 { get; init; }

    /// <summary>SHA-256 of the config, in lower-case hex digits.</summary>
    public required string ConfigSha256 { get; init; }

    /// <summary>How the checkpoint wrapped its tensors.</summary>
    public required CheckpointForm Form { get; init; }

    /// <summary>Number of tensors that inference reads.</summary>
    public required int Tensors { get; init; }

    /// <summary>Number of learned values in those tensors: running statistics are not among them.</summary>
    public required long Parameters { get; init; }

    /// <summary>Number of tensors that only training uses and that were left out.</summary>
    public required int IgnoredTensors { get; init; }

    /// <summary>Class names in label order.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>Width of the input tensor in pixels; the largest one of a keep-ratio model.</summary>
    public required int InputWidth { get; init; }

    /// <summary>Height of the input tensor in pixels; the largest one of a keep-ratio model.</summary>
    public required int InputHeight { get; init; }

    /// <summary>Shape of the output for one image of the full input size: 1, points, columns.</summary>
    public required IReadOnlyList<int> OutputShape { get; init; }

    /// <summary>Number of nodes by operator, in alphabetical order.</summary>
    public required IReadOnlyDictionary<string, int> Operators { get; init; }

    /// <summary>What the user should know, in sentences.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>
    /// The same with a parity fixture inside both graphs: what the plain one computes, for whichever is served to be held against. Whoever
    /// runs models computes it: this project does not.
    /// </summary>
    /// <param name="compute">From the plain graph's ONNX file to the fixture.</param>
    public ExportedModel WithParity(Func<byte[], string> compute)
    {
        ArgumentNullException.ThrowIfNull(compute);
        var fixture = compute(PlainOnnx);
        return this with
        {
            Onnx = OnnxMetadata.With(Onnx, OnnxMetadata.Parity, fixture),
            PlainOnnx = OnnxMetadata.With(PlainOnnx, OnnxMetadata.Parity, fixture),
        };
    }
}
