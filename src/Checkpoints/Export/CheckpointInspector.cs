using System.Security.Cryptography;
using Nanodet.Checkpoints.Architectures;
using Nanodet.Checkpoints.StateDicts;

namespace Nanodet.Checkpoints.Export;

/// <summary>Looks into a checkpoint without making a model of it.</summary>
public static class CheckpointInspector
{
    private static readonly string[] InferenceParts = ["backbone", "fpn", "head"];

    /// <summary>Describes a checkpoint, and with a config says whether it is complete.</summary>
    /// <param name="checkpoint">The whole checkpoint file.</param>
    /// <param name="config">The whole config file, UTF-8; null to look at the checkpoint alone.</param>
    /// <returns>What it holds. A checkpoint that is not complete is no error here: the summary says so.</returns>
    /// <exception cref="CheckpointException">The bytes hold no detector's state dict, or the config is not readable.</exception>
    public static CheckpointSummary Inspect(byte[] checkpoint, byte[]? config = null)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var network = config is null ? null : DetectorNetwork.Read(config);
        var stateDict = StateDictReader.Read(checkpoint);
        var parts = stateDict.Tensors
            .GroupBy(pair => pair.Key.Split('.')[0], StringComparer.Ordinal)
            .Select(group => new CheckpointPart(group.Key, group.Count(), group.Sum(pair => pair.Value.Elements)))
            .OrderBy(part => Array.IndexOf(InferenceParts, part.Name) is var index && index < 0 ? InferenceParts.Length : index)
            .ThenBy(part => part.Name, StringComparer.Ordinal)
            .ToList();
        var problem = network is null ? null : FindProblem(network, stateDict);
        return new CheckpointSummary
        {
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(checkpoint)),
            Bytes = checkpoint.LongLength,
            Form = stateDict.Form,
            Parts = parts,
            Types = new SortedDictionary<string, int>(
                stateDict.Tensors.Values.CountBy(tensor => tensor.Type.ToString()).ToDictionary(), StringComparer.Ordinal),
            Auxiliary = stateDict.Tensors.Keys.Any(StateDict.IsAuxiliary),
            MissingParts = [.. InferenceParts.Except(parts.Select(part => part.Name))],
            Complete = network is null ? null : problem is null,
            Problem = problem,
        };
    }

    private static string? FindProblem(DetectorNetwork network, StateDict stateDict)
    {
        try
        {
            var weights = new WeightBinder(stateDict);
            network.Build(weights);
            weights.RequireComplete();
            return null;
        }
        catch (CheckpointException exception)
            when (exception.Code is CheckpointErrorCode.Incomplete or CheckpointErrorCode.InvalidWeights)
        {
            return exception.Message;
        }
    }
}
