using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Nanodet.Detection.Description;

namespace Nanodet.Detection.Inference;

/// <summary>Holds a graph's inputs and outputs against what its description promises.</summary>
internal static class ModelSignature
{
    internal const string InputName = "data";
    internal const string OutputName = "output";

    /// <summary>Checks names, types and shapes.</summary>
    /// <returns>The description, with the traced shape where images are padded to one.</returns>
    /// <exception cref="ModelLoadException"><see cref="ModelErrorCodes.ContractViolated"/>.</exception>
    internal static ModelDescription Validate(InferenceSession session, ModelDescription description)
    {
        description = ValidateInput(session, description);
        var output = Tensor(session.OutputMetadata, OutputName, "output", 3);
        Require(
            output[2] == -1 || output[2] == description.Columns,
            OutputName,
            $"{description.ClassNames.Count} classes and 4 sides of {description.RegMax + 1} bins = {description.Columns} columns",
            output);
        var input = session.InputMetadata[InputName].Dimensions;
        if (input[2] > 0 && input[3] > 0)
        {
            var points = description.PointCount(input[2], input[3]);
            Require(
                output[1] == -1 || output[1] == points,
                OutputName,
                $"{points} points for strides {string.Join(", ", description.Strides)} and {input[3]}x{input[2]} pixels",
                output);
        }

        return description;
    }

    /// <summary>Checks name, type and shape of the input.</summary>
    /// <returns>The description, with the traced shape where images are padded to one.</returns>
    /// <exception cref="ModelLoadException"><see cref="ModelErrorCodes.ContractViolated"/>.</exception>
    internal static ModelDescription ValidateInput(InferenceSession session, ModelDescription description)
    {
        var input = Tensor(session.InputMetadata, InputName, "input", 4);
        Require(input[0] is -1 or 1, InputName, "a symbolic batch axis or a batch of 1", input);
        Require(input[1] == 3, InputName, "3 channels", input);
        return description with { Input = Bind(description.Input, input) };
    }

    /// <summary>Checks what a run really gave.</summary>
    internal static (int Points, int Columns) ValidateOutput(ModelDescription description, long[] input, long[] output)
    {
        var points = description.PointCount((int)input[2], (int)input[3]);
        return output is [var batch, var rows, var columns] && batch == input[0] && rows == points && columns == description.Columns
            ? (points, description.Columns)
            : throw ModelLoadException.Contract(
                $"output '{OutputName}': expected [{input[0]}, {points}, {description.Columns}], found [{string.Join(", ", output)}].");
    }

    private static int[] Tensor(IReadOnlyDictionary<string, NodeMetadata> all, string name, string kind, int rank)
    {
        if (all.Count != 1 || !all.TryGetValue(name, out var found))
        {
            var names = string.Join(", ", all.Keys.Select(key => $"'{key}'"));
            throw ModelLoadException.Contract($"Expected one {kind} named '{name}', found {names}.");
        }

        if (!found.IsTensor || found.ElementDataType != TensorElementType.Float || found.Dimensions.Length != rank)
        {
            throw ModelLoadException.Contract(
                $"{kind} '{name}': expected a float32 tensor of rank {rank}, "
                + $"found {found.OnnxValueType} of {(found.IsTensor ? found.ElementDataType : 0)}, rank {found.Dimensions?.Length ?? 0}.");
        }

        return found.Dimensions;
    }

    private static ModelInput Bind(ModelInput configured, int[] shape)
    {
        var (height, width) = (shape[2], shape[3]);
        if (!configured.KeepRatio)
        {
            // The official predictor stretches an image to the configured size, and pads that to multiples of 32.
            var (paddedWidth, paddedHeight) = (ModelInput.RoundUp(configured.Width), ModelInput.RoundUp(configured.Height));
            Require(
                (width == -1 || width == configured.Width || width == paddedWidth)
                    && (height == -1 || height == configured.Height || height == paddedHeight),
                InputName,
                $"the configured input of {configured.Width}x{configured.Height} pixels"
                    + ((paddedWidth, paddedHeight) == (configured.Width, configured.Height)
                        ? ""
                        : $", or {paddedWidth}x{paddedHeight} with padding"),
                shape);
            return configured with
            {
                TracedWidth = width == -1 || width == configured.Width ? null : width,
                TracedHeight = height == -1 || height == configured.Height ? null : height,
            };
        }

        // The largest image that can come out of the fitting has to find room in a traced shape.
        Require(
            (width == -1 || width >= configured.Width) && (height == -1 || height >= configured.Height),
            InputName,
            $"symbolic sides, or room for {configured.Width}x{configured.Height} pixels",
            shape);
        return configured with
        {
            TracedWidth = width == -1 ? null : width,
            TracedHeight = height == -1 ? null : height,
        };
    }

    private static void Require(bool holds, string name, string expected, int[] found)
    {
        if (!holds)
        {
            throw ModelLoadException.Contract(
                $"'{name}': expected {expected}, found shape [{string.Join(", ", found.Select(side => side == -1 ? "?" : $"{side}"))}].");
        }
    }
}
