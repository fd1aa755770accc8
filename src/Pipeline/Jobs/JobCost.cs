namespace Nanodet.Serverless.Pipeline.Jobs;

/// <summary>What a job's own images cost, at the prices that were configured when it ended.</summary>
/// <param name="ProcessorSeconds">Seconds of one processor: decoding, warp, postprocessing, and the model on the CPU.</param>
/// <param name="GpuSeconds">Seconds of a GPU: the model on it.</param>
/// <param name="Amount">Both at their prices, without starting and idle workers; null where no price is configured.</param>
/// <param name="Currency">Of the amount; null where no price is configured.</param>
public sealed record JobCost(double ProcessorSeconds, double GpuSeconds, double? Amount, string? Currency);
