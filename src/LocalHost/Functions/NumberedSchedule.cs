namespace Nanodet.Serverless.LocalHost.Functions;

/// <inheritdoc cref="UtcSchedule"/>
/// <typeparam name="THigh">The first digit of the expression's number.</typeparam>
/// <typeparam name="TLow">The second.</typeparam>
internal sealed class NumberedSchedule<THigh, TLow>() : UtcSchedule(typeof(THigh), typeof(TLow));
